import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import { createHotMetrics, exemplarsOf, type HotMetricProducer } from '../src/index.ts';
import { ManualClock, points } from './reading.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function span(n: number, traceFlags = 1) {
  return { traceId: n.toString(16).padStart(32, 'f'), spanId: n.toString(16).padStart(16, '8'), traceFlags };
}

async function pointOf(reader: HotMetricProducer): Promise<DataPoint<Histogram>> {
  return points<Histogram>(await reader.collect(), 'h')[0] as DataPoint<Histogram>;
}

function setUp() {
  const clock = new ManualClock();
  const hot = createHotMetrics({ clock });
  const bound = hot
    .meter('m')
    .histogram('h', { bucketBoundaries: [1, 10], exemplars: true })
    .bind({ a: 1 });
  return { clock, hot, bound };
}

test('a bucket keeps trace id, span id, value and time of a measurement', async () => {
  const { clock, hot, bound } = setUp();
  const reader = hot.producer();
  bound.record(0.5, { traceId: TRACE, spanId: SPAN });
  clock.advance(7);
  bound.record(100, trace.setSpanContext(ROOT_CONTEXT, span(2)));
  const point = await pointOf(reader);
  expect(exemplarsOf(point)).toEqual([
    { value: 0.5, timeMs: clock.time - 7, traceId: TRACE, spanId: SPAN },
    { value: 100, timeMs: clock.time, traceId: span(2).traceId, spanId: span(2).spanId },
  ]);
  // The SDK's data model has no place for them: nothing that an exporter would enumerate is added.
  expect(Object.keys(point)).toEqual(['attributes', 'startTime', 'endTime', 'value']);
});

test('the active span is taken where no context is passed', async () => {
  const { hot, bound } = setUp();
  const reader = hot.producer();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  try {
    context.with(trace.setSpanContext(ROOT_CONTEXT, span(7)), () => bound.record(5));
    bound.record(0.5);
  } finally {
    context.disable();
  }
  expect(exemplarsOf(await pointOf(reader))).toMatchObject([{ value: 5, spanId: span(7).spanId }]);
});

test.each([
  ['not sampled', span(1, 0)],
  ['without ids', {}],
  ['with a trace id in upper case', { ...span(1), traceId: TRACE.toUpperCase() }],
  ['with a span id that is too short', { ...span(1), spanId: 'ab' }],
  ['with ids that are no strings', { traceId: [TRACE], spanId: 5 }],
  [
    'that throws',
    Object.defineProperty({}, 'traceFlags', {
      get: () => {
        throw new Error('no');
      },
    }),
  ],
  ['that is a number', 5],
  ['that is null', null],
  ['a context without a span', ROOT_CONTEXT],
])('a span %s leaves no exemplar, and the value is counted', async (_, given) => {
  const { hot, bound } = setUp();
  const reader = hot.producer();
  bound.record(0.5, given as never);
  const point = await pointOf(reader);
  expect(exemplarsOf(point)).toEqual([]);
  expect(point.value.count).toBe(1);
});

test('each reader gets each exemplar once, however the others collect', async () => {
  const { hot, bound } = setUp();
  const [fast, slow] = [hot.producer(), hot.producer({ temporality: 'delta' })];
  bound.record(0.5, span(1));
  expect(exemplarsOf(await pointOf(fast))).toHaveLength(1);
  expect(exemplarsOf(await pointOf(fast))).toEqual([]);
  bound.record(5, span(2));
  expect(exemplarsOf(await pointOf(fast)).map(({ value }) => value)).toEqual([5]);
  expect(exemplarsOf(await pointOf(slow)).map(({ value }) => value)).toEqual([0.5, 5]);
});

test('a bucket keeps any one of its measurements since the last collection, the last no more likely than the first', async () => {
  const { hot, bound } = setUp();
  const reader = hot.producer();
  const kept: number[] = [];
  for (let round = 0; round < 400; round++) {
    for (let i = 0; i < 10; i++) bound.record(0.1 + i / 100, span(i + 1));
    const [exemplar] = exemplarsOf(await pointOf(reader));
    kept.push(Math.round(((exemplar?.value ?? 0) - 0.1) * 100));
    expect(exemplar?.spanId).toBe(span((kept.at(-1) ?? 0) + 1).spanId);
  }
  const counts = Array.from({ length: 10 }, (_, i) => kept.filter((k) => k === i).length);
  // Expected 40 each, standard deviation 6; the generator is seeded, so this is the same in every run.
  for (const count of counts) expect(Math.abs(count - 40)).toBeLessThan(25);
});

test('without the option nothing is kept', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  hot.meter('m').histogram('h').bind().record(1, span(1));
  expect(exemplarsOf(await pointOf(reader))).toEqual([]);
});

test('exponential histograms keep them too, and series that a filter makes alike bring theirs together', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer({ attributeFilter: () => false });
  const instrument = hot.meter('m').histogram('h', { exponential: { scale: 0 }, exemplars: true });
  instrument.bind({ a: 1 }).record(1, span(1));
  instrument.bind({ a: 2 }).record(1000, span(2));
  instrument.bind({ a: 2 }).record(0, span(3));
  const found = exemplarsOf(await pointOf(reader)).map(({ value }) => value);
  expect(found.sort((a, b) => a - b)).toEqual([0, 1, 1000]);
});
