import { readlinkSync } from 'node:fs';

/** The calling thread's id as the kernel knows it; 0 where /proc does not tell. */
export function currentTid(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) || 0;
  } catch {
    return 0;
  }
}
