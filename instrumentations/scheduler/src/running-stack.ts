import { getCallSites } from 'node:util';
import { createTraceState, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { currentRoute, localRootAbove } from '@sonde/instrumentation-kit';
import { LOOK_HOOK, TURN } from './watch-memory.ts';

/** The hook, and the script of the inspector that calls it. */
const OWN_FRAMES = 2;
const { stringify } = JSON;

/** The trace and the route for which a thread works. */
export interface RunningContext {
  readonly spanContext: SpanContext | undefined;
  /** The topmost span of the trace in this thread. */
  readonly rootSpanId?: string | undefined;
  readonly route: string | undefined;
}

function describeContext(): string {
  try {
    const span = trace.getActiveSpan();
    const { traceId, spanId, traceFlags, traceState } = span?.spanContext() ?? {};
    return stringify({
      traceId,
      spanId,
      traceFlags,
      traceState: traceState?.serialize(),
      rootSpanId: span && localRootAbove(span)?.spanContext().spanId,
      route: currentRoute(),
    });
  } catch {
    // Somebody's own span or context manager.
    return '';
  }
}

/**
 * Makes what this thread runs readable from a watcher: the inspector calls the hook on top of the running code, at a call or
 * a loop, in its asynchronous context. The hook changes nothing of the application. Of its code it calls what gives the
 * active span and that span's context; `Error.prepareStackTrace` is not called, and source maps are not read. Some 100 us.
 *
 * @param cells shared with the watcher: the hook gives nothing once the turn that it is asked about has ended, or its work
 * @returns the undo
 */
export function exposeRunningStack(cells: Int32Array): () => void {
  const look = (turn: number, maxFrames: number): string | undefined => {
    if (cells[TURN] !== turn) return undefined;
    const sites = getCallSites(maxFrames + OWN_FRAMES, { sourceMap: false });
    if (sites.length <= OWN_FRAMES) return undefined;
    const frames = sites.slice(OWN_FRAMES).map(({ functionName, scriptName, lineNumber, columnNumber }) => ({
      function: functionName,
      file: scriptName,
      line: lineNumber,
      column: columnNumber,
    }));
    return stringify({ frames, context: describeContext() });
  };
  const key = Symbol.for(LOOK_HOOK);
  Object.defineProperty(globalThis, key, { value: look, configurable: true, enumerable: false });
  return () => {
    Reflect.deleteProperty(globalThis, key);
  };
}

/** Reads what the hook wrote about the context. Anything else gives an empty one. */
export function parseRunningContext(text: string): RunningContext {
  try {
    const { traceId, spanId, traceFlags, traceState, rootSpanId, route } = JSON.parse(text) as Record<string, unknown>;
    const spanContext = {
      traceId,
      spanId,
      traceFlags: Number(traceFlags),
      ...(typeof traceState === 'string' ? { traceState: createTraceState(traceState) } : {}),
    } as SpanContext;
    return {
      spanContext: isSpanContextValid(spanContext) ? spanContext : undefined,
      ...(typeof rootSpanId === 'string' ? { rootSpanId } : {}),
      route: typeof route === 'string' ? route : undefined,
    };
  } catch {
    return { spanContext: undefined, route: undefined };
  }
}
