import { type Context, ROOT_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { linkLocalRoot, localRootAbove } from '../src/local-root.ts';

const tracer = new TracerProvider().getTracer('local-root.test');

function begin(parent: Context): { span: Span; below: Context } {
  const span = tracer.startSpan('work', {}, parent);
  linkLocalRoot(span, parent);
  return { span, below: trace.setSpan(parent, span) };
}

test('the local root is found from any depth below, and has none above itself', () => {
  const root = begin(ROOT_CONTEXT);
  const child = begin(root.below);
  const grandchild = begin(child.below);
  expect(localRootAbove(root.span)).toBeUndefined();
  expect(localRootAbove(child.span)).toBe(root.span);
  expect(localRootAbove(grandchild.span)).toBe(root.span);
});

test('a span below one of another process is a local root', () => {
  const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
  const { span } = begin(trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, isRemote: true }));
  expect(localRootAbove(span)).toBeUndefined();
});

test('a span that cannot be marked is left as it is', () => {
  const frozen = Object.freeze(
    trace.wrapSpanContext({ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 0 }),
  );
  linkLocalRoot(frozen, begin(ROOT_CONTEXT).below);
  expect(localRootAbove(frozen)).toBeUndefined();
});
