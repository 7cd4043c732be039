import type { ReadText } from './cgroup-cpu.ts';
import { ProcFile } from './proc-file.ts';

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
