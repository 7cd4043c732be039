import { type Context, context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { shared } from '@sonde/event-stream';
import { currentRoute, guard, linkLocalRoot } from '@sonde/instrumentation-kit';
import type { TraceRoot } from './types.ts';

/** How the kit links a span to the topmost span of its trace in this process. */
const LOCAL_ROOT: unique symbol = Symbol.for('sonde.span.local_root') as never;

interface LinkedSpan extends Span {
  readonly [LOCAL_ROOT]?: Span;
}

/** Who wants to know that a trace is active, by its local root span. */
type Listener = (root: Span) => void;

interface Holder {
  listener: Listener | undefined;
}

let known: Holder | undefined;

function holder(): Holder {
  known ??= shared('scheduler.roots/1', (): Holder => ({ listener: undefined }));
  return known;
}

/** Says who is told which traces are active in this thread; undefined: nobody. */
export function listenToRoots(listener: Listener | undefined): void {
  holder().listener = listener;
}

/** Tells that the trace of a span is active in this turn of the loop. Some 10 ns; nothing while nobody listens. */
export function noteActive(span: Span | undefined): void {
  if (span !== undefined) holder().listener?.((span as LinkedSpan)[LOCAL_ROOT] ?? span);
}

/** What is known of the trace that a local root span stands for. */
export function describeRoot(span: Span): TraceRoot | undefined {
  return guard(
    'scheduler.root',
    () => {
      const { traceId, spanId } = span.spanContext();
      const route = context.with(trace.setSpan(ROOT_CONTEXT, span), currentRoute);
      return { traceId, spanId, route };
    },
    undefined,
  );
}

/** What a span processor gets at the end of a span; that of either SDK line fits. */
interface EndedSpan {
  spanContext(): ReturnType<Span['spanContext']>;
}

/**
 * Notes which traces were active in a turn of the event loop, by the spans that begin and end in it: add it to the span
 * processors of a NodeSDK, and long turns name their traces. It exports nothing and costs some 20 ns a span.
 */
export class SchedulerSpanProcessor {
  onStart(span: Span, parentContext: Context): void {
    linkLocalRoot(span, parentContext);
    noteActive(span);
  }

  onEnd(span: EndedSpan): void {
    noteActive(span as Span);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
