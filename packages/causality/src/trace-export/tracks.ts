import { printable } from '@sonde/instrumentation-kit';
import type { ChromeTraceEvent } from './types.ts';

/** Where a viewer draws something. */
export interface Track {
  readonly pid: number;
  readonly tid: number;
}

/**
 * Hands out process and thread numbers, and names them. A process keeps its pid unless another one has it already (each
 * container has a process 1); thread numbers are unique over all processes, since Perfetto names threads by number alone.
 */
export class Tracks {
  readonly names: ChromeTraceEvent[] = [];
  readonly #pids = new Set<number>([0]);
  readonly #claimed: ReadonlySet<number>;
  #next: number;

  /** @param pids all that may be asked for: other numbers stay clear of them */
  constructor(pids: Iterable<number>) {
    let highest = 0;
    this.#claimed = new Set(pids);
    for (const pid of this.#claimed) highest = Math.max(highest, pid);
    this.#next = highest + 1;
  }

  /** A process that exists, or one of its own where the pid is taken. */
  process(wanted: number | undefined, name: string): number {
    const pid = wanted === undefined || this.#pids.has(wanted) ? this.#take() : wanted;
    return this.#nameProcess(pid, name);
  }

  /** A process that stands before all others, in speedscope too, which sorts by number. */
  firstProcess(name: string): number {
    let pid = 1;
    while (this.#claimed.has(pid) || this.#pids.has(pid)) pid += 1;
    return this.#nameProcess(pid, name);
  }

  /** The next track below those that the process has. */
  thread(pid: number, name: string): Track {
    const tid = this.#take();
    this.#name(pid, tid, 'thread_name', { name: printable(name) });
    this.#name(pid, tid, 'thread_sort_index', { sort_index: tid });
    return { pid, tid };
  }

  #nameProcess(pid: number, name: string): number {
    this.#name(pid, pid, 'process_name', { name: printable(name) });
    this.#name(pid, pid, 'process_sort_index', { sort_index: this.#pids.size });
    this.#pids.add(pid);
    return pid;
  }

  #take(): number {
    const number = this.#next;
    this.#next += 1;
    return number;
  }

  #name(pid: number, tid: number, name: string, args: Record<string, string | number>): void {
    this.names.push({ ph: 'M', name, cat: '__metadata', ts: 0, pid, tid, args });
  }
}

/** `main thread`, or the number that spans and events give. */
export function threadName(thread: string): string {
  return thread === '' || thread === '0' ? 'main thread' : `thread ${thread}`;
}

/** The main thread, then by number. */
export function byThread(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : a > b ? 1 : 0);
}
