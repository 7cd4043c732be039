import { type Context, type ContextManager, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { shared } from '@sonde/event-stream';

/**
 * How deep this thread is inside an operation that is being observed already, or inside Sonde's own work. Wrappers
 * only call their original while it is not 0. One property read; shared by all copies of the kit in the thread.
 */
export interface Observation {
  depth: number;
  /** The same for Sonde's own work alone: what goes wrong meanwhile (a denied read) is not the application's. */
  own: number;
}

/** The depth of this thread. Take it once, at module or plugin level: the object never changes. */
export function observation(): Observation {
  return shared('kit.observation', () => ({ depth: 0, own: 0 }));
}

/**
 * Runs synchronous work of Sonde's own (reading /proc, writing a spool file) so that no instrumentation counts it.
 * Callback operations started inside stay uncounted to their end. For promises only the synchronous part is covered.
 */
export function unobserved<T>(work: () => T): T {
  const state = observation();
  const { depth, own } = state;
  state.depth = depth + 1;
  state.own = own + 1;
  try {
    return work();
  } finally {
    state.depth = depth;
    state.own = own;
  }
}

// The key of @opentelemetry/core, reached by name (`createContextKey` is `Symbol.for`), so that core is no dependency.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

// Where the API keeps what was registered; `context.active()` goes there too, by a way that costs as much again.
// https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');
let registered: { readonly context?: ContextManager } | undefined;

// The answer for the context seen last: a burst of calls in one context asks it once.
let lastContext: Context = ROOT_CONTEXT;
let isLastSuppressed = false;

/** Whether a context suppresses tracing: for whoever has read the active one already. */
export function isContextSuppressed(active: Context): boolean {
  if (active !== lastContext) {
    lastContext = active;
    isLastSuppressed = active.getValue(SUPPRESS_TRACING) === true;
  }
  return isLastSuppressed;
}

/** Whether the active context suppresses tracing, as exporters do around their own I/O. Some 15 ns. */
export function isSuppressed(): boolean {
  registered ??= (globalThis as { [GLOBAL_API]?: { readonly context?: ContextManager } })[GLOBAL_API];
  try {
    const manager = registered?.context;
    return manager !== undefined && isContextSuppressed(manager.active());
  } catch {
    // Somebody's own context manager.
    return false;
  }
}
