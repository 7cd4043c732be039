import { type LibuvPool, noteWait } from '@sonde/instrumentation-kit';
import type { Call } from './recorder.ts';

/** What took less is not noted as a wait of its request; a read from the page cache, through the pool and back, takes that. */
export const LONG_MS = 0.05;

/** Notes what the caller of an asynchronous operation waited for: a thread of the libuv pool, then the filesystem. */
export function noteCall(call: Call, endMs: number, pool: Pick<LibuvPool, 'takenUpMs'>): void {
  const { startMs, operation } = call;
  if (operation.api === 'sync') {
    noteSync(startMs, endMs);
    return;
  }
  const takenUpMs = pool.takenUpMs(call.ticket, startMs, endMs);
  noteWait('pool', startMs, takenUpMs);
  noteWait('filesystem', takenUpMs, endMs);
}

/** Notes a synchronous operation: the thread itself stood still. */
export function noteSync(startMs: number, endMs: number): void {
  noteWait('filesystem_sync', startMs, endMs);
}
