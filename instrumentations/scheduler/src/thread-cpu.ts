import { unobserved } from '@sonde/instrumentation-kit';
import { locateOwnCgroup } from './cgroup-files.ts';
import { currentTid } from './current-tid.ts';
import { ProcFile } from './proc-file.ts';
import { parseSchedStat } from './schedstat.ts';
import { ThrottledTime } from './throttled-time.ts';
import type { CpuMark } from './watch-memory.ts';

/** CPU time of the calling thread. Files are opened at the first reading and kept. */
export class OwnCpu {
  readonly #throttled = new ThrottledTime(locateOwnCgroup);
  #file: ProcFile | undefined;
  #isOpen = false;

  /** Undefined where the kernel does not tell. Some 2 us. */
  read(): CpuMark | undefined {
    if (!this.#isOpen) this.#open();
    const length = this.#file?.read() ?? -1;
    const stat = { runNanos: 0, waitNanos: 0, slices: 0 };
    if (length < 0 || !parseSchedStat(ProcFile.bytes, length, stat)) return undefined;
    return { atMs: performance.now(), runNanos: stat.runNanos, waitNanos: stat.waitNanos };
  }

  /** Milliseconds for which the control groups of this process were throttled so far; see `ThrottledTime`. */
  throttledMs(): number {
    return this.#throttled.readMs();
  }

  close(): void {
    this.#file?.close();
    this.#throttled.close();
  }

  #open(): void {
    this.#isOpen = true;
    try {
      this.#file = ProcFile.open(`/proc/self/task/${unobserved(currentTid)}/schedstat`);
    } catch {
      // Not on Linux, or not permitted: reports do without.
    }
  }
}
