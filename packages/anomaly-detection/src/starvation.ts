import { readFileSync } from 'node:fs';
import { unobserved } from '@sonde/instrumentation-kit';

/** Part of the time for which the main thread waited for a CPU: from here on everything is slow, whatever it is. */
const STARVED_SHARE = 0.25;

/** How long the main thread has waited for a CPU since it began, in ms; NaN where the system does not tell (Linux does). */
export function runQueueMs(): number {
  try {
    // "ns on a CPU, ns in the run queue, slices": https://docs.kernel.org/scheduler/sched-stats.html
    const text = unobserved(() => readFileSync('/proc/self/schedstat', 'latin1'));
    return Number(text.split(' ', 2)[1]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/**
 * Tells looks in which the machine had no time for this process. What was slow then says nothing of what was called, so
 * that it is neither judged nor learned.
 */
export class Starvation {
  readonly #waitedMs: () => number;
  #before = Number.NaN;

  constructor(waitedMs: () => number) {
    this.#waitedMs = waitedMs;
  }

  /** Whether the process was starved for the last `elapsedMs`; never, where nobody tells. */
  look(elapsedMs: number): boolean {
    const waited = this.#waitedMs();
    const share = (waited - this.#before) / elapsedMs;
    this.#before = waited;
    return share >= STARVED_SHARE;
  }
}
