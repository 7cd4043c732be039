import { readFileSync } from 'node:fs';
import { unobserved } from '@sonde/instrumentation-kit';
import type { ReadText } from './cgroup-cpu.ts';
import { type CgroupLocation, locateCpuCgroup } from './cgroup-location.ts';
import { ProcFile } from './proc-file.ts';

/** Where this process' groups are: from /proc/self, or from a tree of files that looks like it. */
export function locateOwnCgroup(root = ''): CgroupLocation | undefined {
  const read = (path: string): string => unobserved(() => readFileSync(root + path, 'utf8'));
  return locateCpuCgroup(read('/proc/self/cgroup'), read('/proc/self/mountinfo'));
}

/** The files of the groups, kept open. One that is absent stays absent: files of a group come and go with the group. */
export class CgroupFiles {
  readonly #files = new Map<string, ProcFile | undefined>();

  readonly read: ReadText = (path) => {
    if (!this.#files.has(path)) this.#files.set(path, openQuietly(path));
    return this.#files.get(path)?.text();
  };

  close(): void {
    for (const file of this.#files.values()) file?.close();
    this.#files.clear();
  }
}

function openQuietly(path: string): ProcFile | undefined {
  try {
    return ProcFile.open(path);
  } catch {
    return undefined;
  }
}
