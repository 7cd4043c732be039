import { shared } from '@sonde/event-stream';
import { callBack } from '@sonde/instrumentation-kit';
import type { BlockedLoopReport } from '@sonde/instrumentation-scheduler';

type Listener = (report: BlockedLoopReport) => void;

function listeners(): Set<Listener> {
  return shared('node.blocked-loop/1', () => new Set<Listener>());
}

/** Calls the listener with each report on what blocked this thread's event loop, one turn later. Returns the undo. */
export function onBlockedLoop(listener: Listener): () => void {
  if (typeof listener !== 'function') {
    throw new TypeError(`onBlockedLoop: listener must be a function, got ${typeof listener}`);
  }
  // Wrapped, so that the same function given twice is two listeners, each with its own undo.
  const own: Listener = (report) => listener(report);
  listeners().add(own);
  return () => {
    listeners().delete(own);
  };
}

/** Hands a report to the listeners; one that throws keeps none of the others from it. */
export function tellBlockedLoop(report: BlockedLoopReport): void {
  for (const listener of listeners()) callBack('node.on-blocked-loop', () => listener(report));
}
