import { diag } from '@opentelemetry/api';
import { shared } from '@sonde/event-stream';

/** Distinct causes remembered; a flood of made-up ones ends in one shared bucket. */
const MAX_CAUSES = 1000;
const OVERFLOW = 'other';

interface GuardState {
  readonly warned: Set<string>;
  readonly dropped: Map<string, number>;
  readonly listeners: Set<(message: string) => void>;
}

function state(): GuardState {
  return shared('kit.guard', () => ({
    warned: new Set<string>(),
    dropped: new Map<string, number>(),
    listeners: new Set<(message: string) => void>(),
  }));
}

/**
 * Calls the listener with each message of {@link warnOnce} from now on: `diag` has no listener of its own in most
 * applications, and whoever started Sonde may know another place to tell it. Returns the undo.
 */
export function onWarning(listener: (message: string) => void): () => void {
  const { listeners } = state();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/**
 * Says something once per cause through `diag.warn`.
 * @param key the cause: the same key is never said twice in this thread
 */
export function warnOnce(key: string, message: string, error?: unknown): void {
  const { warned } = state();
  if (warned.has(key) || warned.size >= MAX_CAUSES) return;
  warned.add(key);
  if (error === undefined) diag.warn(message);
  else diag.warn(message, error);
  for (const listener of state().listeners) listener(message);
}

/** Counts something that Sonde gave up or dropped; see {@link droppedCounts}. */
export function countDropped(key: string, count = 1): void {
  const { dropped } = state();
  const known = dropped.has(key) || dropped.size < MAX_CAUSES ? key : OVERFLOW;
  dropped.set(known, (dropped.get(known) ?? 0) + count);
}

/** What was dropped or failed so far in this thread, by cause. */
export function droppedCounts(): ReadonlyMap<string, number> {
  return new Map(state().dropped);
}

/** Counts a failure of Sonde's own code and says it once; for `catch` blocks on hot paths. Never throws. */
export function reportFailure(key: string, error: unknown): void {
  try {
    countDropped(key);
    warnOnce(key, `${key} failed inside Sonde; the application is not affected`, error);
  } catch {
    // A diag logger of the application may throw. There is nobody left to tell.
  }
}

/**
 * Runs Sonde's own code so that its failure never reaches the caller: counted, said once, `fallback` returned.
 * Costs a try block; pass a function that exists already, not a new closure, on hot paths.
 */
export function guard<T>(key: string, work: () => T, fallback: T): T {
  try {
    return work();
  } catch (error) {
    reportFailure(key, error);
    return fallback;
  }
}

/** The same for a listener that is handed to somebody else: returns a function that never throws. */
export function guarded<Args extends unknown[]>(key: string, work: (...args: Args) => void): (...args: Args) => void {
  return (...args: Args): void => {
    try {
      work(...args);
    } catch (error) {
      reportFailure(key, error);
    }
  };
}

/**
 * Calls back the application. What it throws is counted and said once, and so is what a promise that it returns rejects
 * with: neither is Sonde's to hand on, nor an unhandled rejection of the process.
 */
export function callBack(scope: string, callback: () => unknown): void {
  guard(
    scope,
    () => {
      const returned = callback();
      if (returned instanceof Promise) returned.catch((error: unknown) => reportFailure(scope, error));
    },
    undefined,
  );
}
