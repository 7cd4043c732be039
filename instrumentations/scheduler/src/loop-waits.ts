import type { Span } from '@opentelemetry/api';
import {
  areWaitsRead,
  type Culprit,
  noteCpuWait,
  noteThreadWait,
  soleOpenRoot,
  type Wait,
  type WaitSource,
} from '@sonde/instrumentation-kit';
import { Passages } from './passages.ts';
import { RAN_BEFORE, RUNS_ON, type Stretch, TurnWitness, type WitnessClocks } from './turn-witness.ts';
import type { TraceRoot } from './types.ts';
import type { CpuMark } from './watch-memory.ts';

/** A turn, and the part of one that somebody holds, is long from here on: below, all share the blame. */
const LONG_MS = 10;
/** How long the thread waited for a CPU is read this often, and at the end of each long turn. */
const CPU_WINDOW_MS = 100;
/** When waits are read, the last reading may be this old. */
const CPU_FRESH_MS = 20;
/** Told this much later that a wait is over, somebody else may have been at work since. */
const FRESH_MS = 1;
/** Long turns remembered for those who see later who ran in them. */
const REMEMBERED = 16;

export interface LoopWaitsConfig extends WitnessClocks {
  /** CPU time of this thread so far; undefined where it is not known. */
  readonly cpu: () => CpuMark | undefined;
  /** Milliseconds for which the control groups of this process were throttled so far, at most; 0 where there are none. */
  readonly throttledMs: () => number;
  readonly describeRoot: (span: Span) => TraceRoot | undefined;
}

/**
 * Notes what the turns of this thread's loop kept requests waiting for, while somebody reads waits: long turns with those
 * who were at work in them, of each request when it ran and what it ran behind, and for how long the thread was ready and had no CPU.
 */
export class LoopWaits implements WaitSource {
  readonly #config: LoopWaitsConfig;
  readonly #witness: TurnWitness;
  readonly #passages = new Passages();
  /** When the longest stretch of a turn was, by the number of the turn. No spans: they would be kept from collection. */
  readonly #longest = new Map<number, { readonly startMs: number; readonly endMs: number }>();
  /** Where the turn began; NaN while nobody reads. */
  #startMs = Number.NaN;
  #startIdleMs = 0;
  #cpu: CpuMark | undefined;
  #throttledMs = 0;
  #workSinceCpuMs = 0;
  #wakesSinceCpu = 0;

  constructor(config: LoopWaitsConfig) {
    this.#config = config;
    this.#witness = new TurnWitness(config);
  }

  /** A trace is seen, by its local root; see `TurnWitness.see`. */
  see(root: Span | undefined, runs: number): void {
    if (areWaitsRead()) this.#see(root, runs);
  }

  resumed(kind: Wait, root: Span, endMs: number): void {
    if (this.#witness.isAtWork(root) || this.#config.now() - endMs > FRESH_MS) return;
    // The thread stood still for it, or the request waited for it and now goes on.
    this.#see(root, kind === 'filesystem_sync' ? RAN_BEFORE | RUNS_ON : RUNS_ON);
  }

  /** The hot path: a turn has ended. One property read while nobody reads waits. */
  turnEnded(turn: number, nowMs: number, idleMs: number): void {
    if (!areWaitsRead()) {
      this.#startMs = Number.NaN;
      return;
    }
    if (Number.isNaN(this.#startMs)) {
      this.#readCpu();
      this.#workSinceCpuMs = 0;
      this.#wakesSinceCpu = 0;
      this.#passages.start(nowMs, idleMs);
    } else this.#note(turn, nowMs, idleMs);
    this.#startMs = nowMs;
    this.#startIdleMs = idleMs;
    this.#witness.start(nowMs, idleMs);
  }

  gather(isFinal: boolean): void {
    const { now, idleMs } = this.#config;
    const nowMs = now();
    // The turn that is under way is noted as far as it got; what follows is another one.
    if (isFinal && !Number.isNaN(this.#startMs)) this.turnEnded(-1, nowMs, idleMs());
    const isFresh = this.#cpu === undefined || nowMs - this.#cpu.atMs < CPU_FRESH_MS;
    if (isFresh || Number.isNaN(this.#startMs)) return;
    // The turn that is under way has been at work, too; it counts the rest of its work when it ends.
    const workMs = Math.max(0, nowMs - this.#startMs - Math.max(0, idleMs() - this.#startIdleMs));
    this.#workSinceCpuMs += workMs;
    this.#noteCpu();
    this.#workSinceCpuMs = -workMs;
  }

  /** Somebody has looked who ran in a long turn, while it did. */
  sawCulprit(turn: number, culprit: Culprit): void {
    const stretch = this.#longest.get(turn);
    if (stretch !== undefined) noteThreadWait('blocked_loop', stretch.startMs, stretch.endMs, culprit);
  }

  #see(root: Span | undefined, runs: number): void {
    const witness = this.#witness;
    if (witness.see(root, runs)) this.#passages.see(root, runs, witness.seenMs, witness.seenIdleMs);
  }

  #note(turn: number, nowMs: number, idleMs: number): void {
    const waitedMs = Math.max(0, idleMs - this.#startIdleMs);
    const workMs = Math.max(0, nowMs - this.#startMs - waitedMs);
    this.#passages.turnEnded(nowMs, idleMs);
    if (waitedMs > 0) this.#wakesSinceCpu += 1;
    this.#workSinceCpuMs += workMs;
    const isLong = workMs >= LONG_MS;
    if (isLong) this.#noteLong(turn, this.#witness.stretches(nowMs, idleMs));
    if (isLong || this.#cpu === undefined || nowMs - this.#cpu.atMs >= CPU_WINDOW_MS) this.#noteCpu();
  }

  #noteLong(turn: number, stretches: readonly Stretch[]): void {
    let longest: Stretch | undefined;
    for (const stretch of stretches) {
      const { startMs, endMs } = stretch;
      if (longest === undefined || endMs - startMs > longest.endMs - longest.startMs) longest = stretch;
      if (endMs - startMs >= LONG_MS) noteThreadWait('blocked_loop', startMs, endMs, this.#culpritOf(stretch));
    }
    if (longest === undefined) return;
    if (this.#longest.size >= REMEMBERED) this.#longest.delete(this.#longest.keys().next().value as number);
    this.#longest.set(turn, { startMs: longest.startMs, endMs: longest.endMs });
  }

  #culpritOf({ root, isStranger, startMs }: Stretch): Culprit | undefined {
    if (root !== undefined) return this.#config.describeRoot(root);
    const sole = isStranger ? undefined : soleOpenRoot();
    if (sole === undefined || sole.startMs > startMs + FRESH_MS) return undefined;
    return { traceId: sole.traceId, spanId: sole.spanId, isGuess: true };
  }

  #readCpu(): CpuMark | undefined {
    const mark = this.#config.cpu();
    this.#cpu = mark;
    // Where nothing is known of the thread, nothing is added to it.
    if (mark !== undefined) this.#throttledMs = this.#config.throttledMs();
    return mark;
  }

  /**
   * What the kernel tells of a thread lacks whole periods for which its group was throttled (35 of 350 ms, seen on Linux
   * 6.18 where a process has several threads). They are in what the group tells, and the thread did not run in its turns.
   * It may also have stood still in a call while others used the quota up: so no more is added than it waited as far as the
   * kernel tells, which is most of it where the thread was throttled itself.
   */
  #noteCpu(): void {
    const before = this.#cpu;
    const throttledBeforeMs = this.#throttledMs;
    const mark = this.#readCpu();
    const busyMs = this.#workSinceCpuMs;
    this.#workSinceCpuMs = 0;
    const wakes = this.#wakesSinceCpu;
    this.#wakesSinceCpu = 0;
    if (before === undefined || mark === undefined) return;
    const waitedMs = (mark.waitNanos - before.waitNanos) / 1e6;
    const ranMs = (mark.runNanos - before.runNanos) / 1e6;
    const throttledMs = this.#throttledMs - throttledBeforeMs;
    const unseenMs = Math.min(waitedMs, Math.max(0, Math.min(busyMs - ranMs, throttledMs) - waitedMs));
    noteCpuWait({
      startMs: before.atMs,
      endMs: mark.atMs,
      waitedMs: waitedMs + unseenMs,
      busyMs,
      ranMs,
      wakes,
      isThrottled: throttledMs > 0,
    });
  }
}
