import fs from 'node:fs';
import { unobserved } from '@sonde/instrumentation-kit';

// Taken while nothing is patched; what they call inside is kept from being counted by `unobserved`.
const { readFileSync, readlinkSync } = fs;

/** What is read of /proc, replaceable in tests. Every function returns undefined where it is not to be had. */
export interface ProcFiles {
  /** The text of /proc/self/mountinfo. */
  mountinfo(): string | undefined;
  /** The id of the mount that an open descriptor belongs to. */
  mountIdOf(fd: number): number | undefined;
  /** The path behind an open descriptor. */
  pathOf(fd: number): string | undefined;
}

interface Permission {
  has(scope: string, reference?: string): boolean;
}

/**
 * Asks before trying under `--permission`. To ask is published as a denial when the answer is no, so that it happens
 * unobserved as well: what reports denials leaves those out.
 */
function isAllowed(path: string): boolean {
  const { permission } = process as { permission?: Permission };
  return permission?.has('fs.read', path) ?? true;
}

function attempt<T>(path: string, read: (path: string) => T): T | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return unobserved(() => (isAllowed(path) ? read(path) : undefined));
  } catch {
    return undefined;
  }
}

/** The real /proc of this thread's process. */
export const PROC_FILES: ProcFiles = {
  mountinfo: () => attempt('/proc/self/mountinfo', (path) => readFileSync(path, 'utf8')),
  mountIdOf: (fd) => {
    const info = attempt(`/proc/self/fdinfo/${fd}`, (path) => readFileSync(path, 'utf8'));
    const id = info === undefined ? undefined : /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
    return id === undefined ? undefined : Number(id);
  },
  pathOf: (fd) => attempt(`/proc/self/fd/${fd}`, (path) => readlinkSync(path, 'utf8')),
};
