import { type Context, context, propagation, ROOT_CONTEXT, type TextMapPropagator, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { eventStream, formatTimestamp, parseTimestamp, timestampToBigInt } from '@sonde/event-stream';
import { readCarrier, receiveTimestamp, writeCarrier } from '../src/carrier.ts';
import { droppedCounts } from '../src/guard.ts';
import { sentIn } from '../src/sent-timestamp.ts';

const tracer = new TracerProvider().getTracer('carrier.test');
const { clock } = eventStream();

const stampOf = (text: string | undefined): bigint => {
  const parsed = parseTimestamp(text ?? '');
  if (parsed === undefined) throw new Error(`no timestamp: ${text}`);
  return timestampToBigInt(parsed);
};

function inTrace(): Context {
  const baggage = propagation.createBaggage({ tenant: { value: 'a' } });
  return propagation.setBaggage(trace.setSpan(ROOT_CONTEXT, tracer.startSpan('request')), baggage);
}

function use(propagator: TextMapPropagator): void {
  propagation.disable();
  propagation.setGlobalPropagator(propagator);
}

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
beforeEach(() =>
  use(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] })),
);
afterAll(() => {
  context.disable();
  propagation.disable();
});

test('a carrier brings trace, baggage and clock to the other side, through JSON and structured cloning', () => {
  const active = inTrace();
  const carrier = writeCarrier(active);
  for (const copy of [JSON.parse(JSON.stringify(carrier)), structuredClone(carrier)]) {
    const received = readCarrier(copy);
    const { traceId, spanId } = trace.getSpanContext(active) ?? {};
    expect(trace.getSpanContext(received)).toMatchObject({ traceId, spanId, isRemote: true });
    expect(propagation.getBaggage(received)?.getEntry('tenant')?.value).toBe('a');
  }
  expect(stampOf(writeCarrier().hlc)).toBeGreaterThan(stampOf(carrier.hlc));
});

test('a received context knows when the message was sent, unless the clock has refused that', () => {
  const { hlc, ...carrier } = writeCarrier(inTrace());
  const received = readCarrier({ ...carrier, hlc });
  expect(sentIn(received)).toEqual(parseTimestamp(hlc ?? ''));
  expect(sentIn(trace.setSpan(received, tracer.startSpan('child', {}, received)))).toBeUndefined();
  expect(sentIn(readCarrier(carrier))).toBeUndefined();
  expect(sentIn(readCarrier({ ...carrier, hlc: 'f'.repeat(16) }))).toBeUndefined();
});

test("a context that is passed on by somebody who has received it says so, and is not taken for the sender's own", () => {
  const relayed = writeCarrier(readCarrier(writeCarrier(inTrace())));
  expect(relayed.relayed).toBe('1');
  expect(sentIn(readCarrier(relayed))).toBeUndefined();
});

test('the active context is carried when none is given', () => {
  const active = inTrace();
  const carrier = context.with(active, () => writeCarrier());
  expect(carrier.traceparent).toContain(trace.getSpanContext(active)?.traceId);
});

test('without a trace and without a propagator the timestamp is carried alone', () => {
  propagation.disable();
  expect(Object.keys(writeCarrier(inTrace()))).toEqual(['hlc']);
  expect(readCarrier(writeCarrier())).toBe(ROOT_CONTEXT);
});

test('what is emitted after a carrier was read is ordered after it, however far ahead the other clock is', () => {
  const { high, low } = clock.send();
  const ahead = formatTimestamp({ high, low: (low + (30_000 << 16)) | 0 });
  readCarrier({ hlc: ahead });
  expect(stampOf(formatTimestamp(clock.send()))).toBeGreaterThan(stampOf(ahead));
});

test.each([
  'ffffffffffffffff',
  '0'.repeat(17),
  '0x12345678901234',
  'ABCDEF0123456789',
  '',
  7,
  {},
  ['0000000000000001'],
  null,
  { toString: () => '0000000000000001' },
])('the timestamp %p is refused and counted', (hlc) => {
  const before = { refused: clock.rejected, now: stampOf(formatTimestamp(clock.send())) };
  expect(readCarrier({ hlc })).toBe(ROOT_CONTEXT);
  expect(clock.rejected).toBe(before.refused + 1);
  expect(receiveTimestamp(hlc)).toBeUndefined();
  expect(stampOf(formatTimestamp(clock.send())) - before.now).toBeLessThan(60_000n << 16n);
});

test.each([
  undefined,
  null,
  1,
  'text',
  [],
  () => {},
  { traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'] },
  { traceparent: 1, tracestate: {}, baggage: null },
  { traceparent: 'x'.repeat(10_000_000), baggage: `a=${'b'.repeat(8192)}` },
  Object.create({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', baggage: 'a=b' }),
  JSON.parse('{"__proto__":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}'),
])('a hostile carrier is read as nothing: case %#', (carrier) => {
  const received = readCarrier(carrier);
  expect(trace.getSpanContext(received)).toBeUndefined();
  expect(propagation.getBaggage(received)).toBeUndefined();
});

test('a carrier whose getter throws, or whose proxy does, is read as nothing and counted', () => {
  use(new W3CTraceContextPropagator());
  const before = droppedCounts().get('kit.carrier.read') ?? 0;
  const throwing = (): never => {
    throw new Error('hostile');
  };
  expect(readCarrier(Object.defineProperty({}, 'traceparent', { get: throwing, enumerable: true }))).toBe(ROOT_CONTEXT);
  expect(readCarrier(new Proxy({}, { getOwnPropertyDescriptor: throwing }))).toBe(ROOT_CONTEXT);
  expect(droppedCounts().get('kit.carrier.read')).toBe(before + 2);
});

test('other headers of the propagator ride along, other types do not', () => {
  const seen: unknown[] = [];
  use({
    fields: () => ['b3'],
    inject(_, carrier, setter) {
      setter.set(carrier, 'b3', '1-2');
      setter.set(carrier, 'number', 1 as never);
    },
    extract(active, carrier, getter) {
      seen.push(getter.get(carrier, 'b3'), getter.keys(carrier));
      return active;
    },
  });
  const carrier = writeCarrier();
  expect(Object.keys(carrier)).toEqual(['b3', 'hlc']);
  readCarrier(carrier);
  expect(seen).toEqual(['1-2', ['b3', 'hlc']]);
});

test('a propagator that throws costs the trace, not the message', () => {
  const fail = (): never => {
    throw new Error('foreign');
  };
  use({ fields: () => [], inject: fail, extract: fail });
  expect(Object.keys(writeCarrier(inTrace()))).toEqual(['hlc']);
  expect(readCarrier({ traceparent: 'x' })).toBe(ROOT_CONTEXT);
});
