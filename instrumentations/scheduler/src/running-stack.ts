import { type CallSiteObject, getCallSites } from 'node:util';
import { createTraceState, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { currentRoute, localRootAbove } from '@sonde/instrumentation-kit';
import { LOOK, LOOK_HOOK, LOOK_LENGTH, LOOK_STATES, lookText, TURN } from './watch-memory.ts';

/** The hook, what it calls, and the script of the inspector that calls it. */
const OWN_FRAMES = 3;
/** UTF-8 takes so many bytes a character at most. */
const CHARACTER_BYTES = 3;
/** How long the watcher is given to disconnect; it takes some 100 us. */
const LEAVE_MS = 5;
/** What stands around context and frames. */
const ROOM = 32;

// Kept from when this was loaded: nothing that the application lays over them is to run in the middle of its code.
const { stringify } = JSON;
const { compareExchange, load, notify } = Atomics;
const now = performance.now.bind(performance);
const capturedSites = getCallSites;
const write = Function.prototype.call.bind(Buffer.prototype.write) as (into: Buffer, text: string) => number;

/** The trace and the route for which a thread works. */
export interface RunningContext {
  readonly spanContext: SpanContext | undefined;
  /** The topmost span of the trace in this thread. */
  readonly rootSpanId?: string | undefined;
  readonly route: string | undefined;
}

/** A string or a number as JSON; of an object, a `toJSON` would be called. */
function primitive(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? stringify(value) : 'null';
}

function describeContext(): string {
  try {
    const span = trace.getActiveSpan();
    const { traceId, spanId, traceFlags, traceState } = span?.spanContext() ?? {};
    const rootSpanId = span && localRootAbove(span)?.spanContext().spanId;
    const ids = `"traceId":${primitive(traceId)},"spanId":${primitive(spanId)},"rootSpanId":${primitive(rootSpanId)}`;
    const rest = `"traceFlags":${primitive(traceFlags)},"traceState":${primitive(traceState?.serialize())}`;
    return `{${ids},${rest},"route":${primitive(currentRoute())}}`;
  } catch {
    // Somebody's own span or context manager.
    return '';
  }
}

/** As JSON of at most so many characters: frames beyond it are left out. */
function describe(maxFrames: number, maxLength: number): string {
  const sites = capturedSites(maxFrames + OWN_FRAMES, { sourceMap: false });
  if (sites.length <= OWN_FRAMES) return '';
  const context = stringify(describeContext());
  let frames = '';
  for (let index = OWN_FRAMES; index < sites.length; index++) {
    const { functionName, scriptName, lineNumber, columnNumber } = sites[index] as CallSiteObject;
    const where = `"line":${primitive(lineNumber)},"column":${primitive(columnNumber)}`;
    const frame = `{"function":${primitive(functionName)},"file":${primitive(scriptName)},${where}}`;
    if (context.length + frames.length + frame.length + ROOM > maxLength) break;
    frames += frames === '' ? frame : `,${frame}`;
  }
  return `{"context":${context},"frames":[${frames}]}`;
}

/**
 * Makes what this thread runs readable from a watcher: the inspector calls the hook on top of the running code, at a call or
 * a loop, in its asynchronous context. The hook changes nothing of the application. Of its code it calls what gives the
 * active span and that span's context; `Error.prepareStackTrace` is not called, and source maps are not read. Some 200 us,
 * half of it until the watcher has disconnected.
 *
 * @param memory shared with the watcher: nothing is told once the turn that is asked about has ended, or its work
 * @returns the undo
 */
export function exposeRunningStack(memory: SharedArrayBuffer): () => void {
  const cells = new Int32Array(memory);
  const text = lookText(memory);
  const maxLength = text.length / CHARACTER_BYTES;
  const look = (turn: number, maxFrames: number): void => {
    let state: number = LOOK_STATES.failed;
    try {
      cells[LOOK_LENGTH] = cells[TURN] === turn ? write(text, describe(maxFrames, maxLength)) : 0;
      state = LOOK_STATES.told;
    } finally {
      // Otherwise the watcher has given it up.
      if (compareExchange(cells, LOOK, LOOK_STATES.asked, state) === LOOK_STATES.asked) {
        notify(cells, LOOK);
        // BAD: Atomics.wait. The application may stand in one, which would then end before its time.
        for (const untilMs = now() + LEAVE_MS; load(cells, LOOK) === state && now() < untilMs; );
      }
    }
  };
  Object.defineProperty(globalThis, LOOK_HOOK, { value: look, configurable: true, enumerable: false });
  return () => {
    Reflect.deleteProperty(globalThis, LOOK_HOOK);
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
