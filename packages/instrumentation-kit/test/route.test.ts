import { type Context, context, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { RPCType, setRPCMetadata } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { linkLocalRoot } from '../src/local-root.ts';
import { currentRoute, rememberRoute } from '../src/route.ts';

const provider = new TracerProvider({
  spanProcessors: [
    {
      onStart: linkLocalRoot,
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ],
});
const tracer = provider.getTracer('route.test');

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

function request(attributes = {}, parent: Context = ROOT_CONTEXT): Context {
  return trace.setSpan(parent, tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes }, parent));
}

function child(parent: Context): Context {
  return trace.setSpan(parent, tracer.startSpan('work', {}, parent));
}

test('outside a request there is no route', () => {
  expect(currentRoute()).toBeUndefined();
  expect(context.with(child(ROOT_CONTEXT), currentRoute)).toBeUndefined();
});

test('what the framework told the HTTP instrumentation comes first', () => {
  const metadata = { type: RPCType.HTTP, span: tracer.startSpan('x'), route: '/users/:id' };
  const active = setRPCMetadata(request({ 'http.route': '/other' }), metadata);
  expect(context.with(active, currentRoute)).toBe('/users/:id');
});

test('the route of the local root is found from any depth below', () => {
  const root = request({ 'http.route': '/orders' });
  expect(context.with(root, currentRoute)).toBe('/orders');
  expect(context.with(child(child(root)), currentRoute)).toBe('/orders');
});

test('a server span whose route is not known yet has none: its name is the method alone', () => {
  expect(context.with(child(request()), currentRoute)).toBeUndefined();
});

test('a server span that is named by method and route gives the route', () => {
  const named = context.with(ROOT_CONTEXT, () =>
    trace.setSpan(ROOT_CONTEXT, tracer.startSpan('GET /users/:id', { kind: SpanKind.SERVER })),
  );
  expect(context.with(named, currentRoute)).toBe('/users/:id');
});

test('a remote parent is not the local root', () => {
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
  const root = request({ 'http.route': '/local' }, remote);
  expect(context.with(child(root), currentRoute)).toBe('/local');
});

test('a remembered route is found, and handed on to the HTTP instrumentation', () => {
  const metadata: { type: RPCType; span: never; route?: string } = {
    type: RPCType.HTTP,
    span: tracer.startSpan('x') as never,
  };
  context.with(setRPCMetadata(request(), metadata), () => {
    rememberRoute('/first');
    rememberRoute('/second');
    expect(currentRoute()).toBe('/first');
  });
  expect(metadata.route).toBe('/first');
});

test('a route that is found later is looked up when it is asked for, and handed on to nobody', () => {
  const metadata: { type: RPCType; span: never; route?: string } = { type: RPCType.HTTP, span: undefined as never };
  let found: string | undefined;
  context.with(setRPCMetadata(request({}), metadata), () => {
    rememberRoute(() => found);
    expect(currentRoute()).toBeUndefined();
    found = '/later';
    expect(currentRoute()).toBe('/later');
  });
  expect(metadata.route).toBeUndefined();
  context.with(request({}), () => {
    rememberRoute(() => {
      throw new Error('from a framework');
    });
    expect(currentRoute()).toBeUndefined();
  });
});

test('a remembered route works for a request whose span is not recorded, and without an HTTP instrumentation', () => {
  const span = trace.wrapSpanContext({ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 0 });
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => {
    expect(currentRoute()).toBeUndefined();
    rememberRoute('/unsampled');
    expect(currentRoute()).toBe('/unsampled');
  });
  expect(() => rememberRoute('/nowhere')).not.toThrow();
});

test('metadata and attributes of the wrong kind are no route', () => {
  const odd = request({ 'http.route': 42 });
  expect(context.with(odd, currentRoute)).toBeUndefined();
  const metadata = { type: RPCType.HTTP, span: tracer.startSpan('x'), route: 42 as never };
  expect(context.with(setRPCMetadata(odd, metadata), currentRoute)).toBeUndefined();
});
