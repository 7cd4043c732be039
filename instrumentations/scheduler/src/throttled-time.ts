import { parseCpuStat } from './cgroup-cpu.ts';
import { CgroupFiles } from './cgroup-files.ts';
import type { CgroupLocation } from './cgroup-location.ts';

/**
 * For how long the control groups of this process have been throttled: an upper bound for a thread of it, since the kernel adds
 * up what it tells of each CPU, and groups that lie in each other are added up here.
 */
export class ThrottledTime {
  readonly #files = new CgroupFiles();
  readonly #locate: () => CgroupLocation | undefined;
  #directories: readonly string[] | undefined;

  /** @param locate finds the groups, at the first reading; undefined or an exception: there are none */
  constructor(locate: () => CgroupLocation | undefined) {
    this.#locate = locate;
  }

  /** Milliseconds so far; 0 where no group has a quota. Some 5 us a group. */
  readMs(): number {
    this.#directories ??= this.#find();
    let seconds = 0;
    for (const directory of this.#directories) {
      const text = this.#files.read(`${directory}/cpu.stat`);
      if (text !== undefined) seconds += parseCpuStat(text)?.throttledSeconds ?? 0;
    }
    return seconds * 1000;
  }

  close(): void {
    this.#files.close();
  }

  #find(): readonly string[] {
    try {
      return this.#locate()?.directories ?? [];
    } catch {
      // Not on Linux, or not permitted.
      return [];
    }
  }
}
