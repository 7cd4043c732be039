import { createTraceState, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { currentRoute, localRootAbove } from '@sonde/instrumentation-kit';

const HOOK = 'sonde.scheduler.paused_context.1';

/** What the watcher evaluates in the thread that it has paused. */
export const CONTEXT_EXPRESSION: string = `globalThis[Symbol.for('${HOOK}')]?.()`;

/** The trace and the route for which a thread works. */
export interface PausedContext {
  readonly spanContext: SpanContext | undefined;
  /** The topmost span of the trace in this thread. */
  readonly rootSpanId?: string | undefined;
  readonly route: string | undefined;
}

function describe(): string {
  try {
    const span = trace.getActiveSpan();
    const { traceId, spanId, traceFlags, traceState } = span?.spanContext() ?? {};
    return JSON.stringify({
      traceId,
      spanId,
      traceFlags,
      traceState: traceState?.serialize(),
      rootSpanId: span && localRootAbove(span)?.spanContext().spanId,
      route: currentRoute(),
    });
  } catch {
    // Called in the middle of the application's code: nothing may come out of it.
    return '';
  }
}

/**
 * Makes the active context of this thread readable while it is paused: the debugger runs the hook on top of the paused
 * code, in its asynchronous context. Returns its own undo.
 */
export function exposePausedContext(): () => void {
  const key = Symbol.for(HOOK);
  Object.defineProperty(globalThis, key, { value: describe, configurable: true, enumerable: false });
  return () => {
    Reflect.deleteProperty(globalThis, key);
  };
}

/** Reads what the hook wrote. Anything else gives an empty context. */
export function parsePausedContext(text: string): PausedContext {
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
