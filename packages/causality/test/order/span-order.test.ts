import { type Context, context, diag, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { eventStream, HybridLogicalClock, parseTimestamp, timestampToBigInt } from '@sonde/event-stream';
import { droppedCounts, readCarrier, writeCarrier } from '@sonde/instrumentation-kit';
import { CausalOrderSpanProcessor, createSpanStarts, runInChain, stampSpan } from '../../src/index.ts';
import { parseCauses } from '../../src/order/causes.ts';
import { lastEvent } from '../fixtures/events.ts';
import { startTracing } from '../fixtures/tracing.ts';

const STARTED = 'sonde.span.started';
const tracing = startTracing();
const tracer = trace.getTracer('span-order.test');
afterAll(() => tracing.stop());

const hlcOf = (span: unknown): bigint => {
  const stamp = parseTimestamp(String((span as ReadableSpan).attributes['sonde.hlc']));
  if (stamp === undefined) throw new Error('the span has no timestamp');
  return timestampToBigInt(stamp);
};

describe('the timestamp of a span', () => {
  it('is sixteen hex digits, and ascends from span to span', () => {
    const spans = Array.from({ length: 5 }, (_, i) => tracer.startSpan(`span ${i}`));
    const stamps = spans.map(hlcOf);
    expect([...stamps].sort((a, b) => (a < b ? -1 : 1))).toEqual(stamps);
    expect(new Set(stamps).size).toBe(5);
  });

  it('is the time at which the span began, whatever start time it is given', () => {
    const spans = [{}, { startTime: 5 }, { startTime: new Date(0) }, { startTime: Date.now() + 86_400_000 }].map(
      (options) => tracer.startSpan('span', options),
    );
    for (const span of spans) expect(Math.abs(Number(hlcOf(span) >> 16n) - Date.now())).toBeLessThan(10_000);
  });

  it('lies after what the message that brought its parent was stamped with, however far ahead that clock is', () => {
    const { clock } = eventStream();
    const ahead = new HybridLogicalClock({ now: () => 0, timeOriginMs: clock.physicalMs + 40_000, maxDriftMs: 0 });
    const sent = ahead.send();
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(ROOT_CONTEXT, tracer.startSpan('parent')), carrier);
    const hlc = timestampToBigInt(sent).toString(16).padStart(16, '0');
    const tracestate = carrier.tracestate?.replace(/sonde=[0-9a-f]{16}/, `sonde=${hlc}`);
    const span = tracer.startSpan('child', {}, propagation.extract(ROOT_CONTEXT, { ...carrier, tracestate }));
    expect(hlcOf(span)).toBeGreaterThan(timestampToBigInt(sent));
    expect(parseCauses(lastEvent(STARTED)).sent).toBe(timestampToBigInt(sent));
  });

  it('comes from a clock that reads the time where the span does not know it', () => {
    const clock = new HybridLogicalClock({ now: () => 7, timeOriginMs: 1000, maxDriftMs: 0 });
    const attributes: Record<string, string> = {};
    stampSpan({ setAttribute: (key, value) => (attributes[key] = value) }, clock);
    expect(timestampToBigInt(parseTimestamp(attributes['sonde.hlc'] ?? '') ?? { high: 0, low: 0 }) >> 16n).toBe(1007n);
  });
});

describe('the event of a started span', () => {
  it('has the context, name and kind of the span', () => {
    const span = tracer.startSpan('GET /a', { kind: SpanKind.SERVER });
    const { traceId, spanId } = span.spanContext();
    expect(lastEvent(STARTED)).toMatchObject({
      traceId,
      spanId,
      labels: { 'sonde.span.name': 'GET /a', 'sonde.span.kind': 'server' },
      text: '',
    });
  });

  const childOf = (parent: Context): [string, string] => {
    tracer.startSpan('child', {}, parent);
    const started = lastEvent(STARTED);
    return [parseCauses(started).parentSpanId, started.text];
  };

  it('names the parent, and for a remote one when the message was sent', () => {
    const parent = tracer.startSpan('parent');
    const active = trace.setSpan(ROOT_CONTEXT, parent);
    const { spanId } = parent.spanContext();
    expect(childOf(active)).toEqual([spanId, '']);
    const carrier = writeCarrier(active);
    expect(childOf(readCarrier(carrier))).toEqual([spanId, `sent:${carrier.hlc}`]);
  });

  it('does not vouch for the time of sending when the context was only passed on', () => {
    const parent = tracer.startSpan('parent');
    const relayed = writeCarrier(readCarrier(writeCarrier(trace.setSpan(ROOT_CONTEXT, parent))));
    expect(childOf(readCarrier(relayed))).toEqual([parent.spanContext().spanId, '']);
  });

  it('names links, and the chain that the span is started in', () => {
    const cause = tracer.startSpan('cause').spanContext();
    tracer.startSpan('linked', { links: [{ context: cause }] });
    expect(lastEvent(STARTED).text).toBe(`link:${cause.traceId}-${cause.spanId}`);
    runInChain('order-1', () => tracer.startSpan('in chain'));
    const { traceId, spanId } = lastEvent('sonde.chain.entered');
    expect(parseCauses(lastEvent(STARTED)).links).toEqual([{ traceId, spanId }]);
  });

  it('tells 1,000 names apart, and the rest as _OTHER', () => {
    const processor = new CausalOrderSpanProcessor();
    const real = tracer.startSpan('real');
    for (let i = 0; i < 1001; i += 1) {
      const span = Object.create(real, { name: { value: `name ${i}` } });
      processor.onStart(span, ROOT_CONTEXT);
    }
    expect(lastEvent(STARTED).labels['sonde.span.name']).toBe('_OTHER');
  });
});

describe('a processor', () => {
  it('does nothing after its shutdown', async () => {
    const processor = new CausalOrderSpanProcessor();
    await processor.forceFlush();
    await processor.shutdown();
    const before = eventStream().statistics().produced;
    processor.onStart(tracer.startSpan('late') as never, ROOT_CONTEXT);
    processor.onEnd();
    expect(eventStream().statistics().produced).toBe(before + 1); // of the processor that is still there
  });

  it('never throws into whoever starts a span', () => {
    diag.disable();
    const before = droppedCounts().get('causality.span') ?? 0;
    const starts = createSpanStarts();
    for (const odd of [undefined, null, {}, { setAttribute: () => {} }]) {
      expect(() => starts.start(odd as never, ROOT_CONTEXT)).not.toThrow();
    }
    expect(droppedCounts().get('causality.span')).toBe(before + 4);
  });

  it('works without a context manager and without a parent context', () => {
    context.disable();
    const starts = createSpanStarts();
    starts.start(tracer.startSpan('bare') as never, ROOT_CONTEXT);
    expect(lastEvent(STARTED).labels['sonde.span.name']).toBe('bare');
  });
});
