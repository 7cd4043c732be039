import { eventStream, Severity } from '@sonde/event-stream';
import { hotMetrics } from '@sonde/hot-metrics';
import { defineTelemetry, eventsFrom, hotMetricsFrom } from '../src/telemetry.ts';
import type { MetricOf, Telemetry } from '../src/types.ts';

const metrics: { readonly duration: MetricOf<'histogram'>; readonly errors: MetricOf<'counter'> } = {
  duration: {
    name: 'telemetry.test.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'How long.',
    attributes: ['telemetry.test.operation'],
    bucketBoundaries: [1, 2],
  },
  errors: {
    name: 'telemetry.test.errors',
    unit: '{error}',
    instrument: 'counter',
    description: 'How many.',
    attributes: [],
  },
};
const attributes = {
  operation: { name: 'telemetry.test.operation', type: 'string', description: 'Which.', example: 'read' },
} as const;
const events = {
  slow: {
    name: 'telemetry.test.slow',
    category: 'vfs',
    severity: Severity.WARN,
    description: 'It was slow.',
    labels: [{ key: 'telemetry.test.operation', description: 'Which.' }],
  },
} as const;
const good = { scope: 'telemetry.test', version: '1.2.3', metrics, events, spans: {}, attributes };

test('a consistent table comes back as it is', () => {
  expect(defineTelemetry(good)).toBe(good);
});

test.each<[string, Partial<Telemetry>]>([
  [
    'attribute telemetry.test.operation is defined twice',
    { attributes: { ...attributes, again: attributes.operation } },
  ],
  ['metric telemetry.test.errors is defined twice', { metrics: { ...metrics, again: metrics.errors } }],
  ['event telemetry.test.slow is defined twice', { events: { ...events, again: events.slow } }],
  ['telemetry.test.duration uses telemetry.test.operation, which no attribute defines', { attributes: {}, events: {} }],
  ['telemetry.test.slow uses telemetry.test.operation, which no attribute defines', { attributes: {}, metrics: {} }],
  [
    'vfs {x} uses y, which no attribute defines',
    { spans: { slow: { name: 'vfs {x}', kind: 'internal', description: '', attributes: ['y'] } } },
  ],
])('a table is refused: %s', (message, change) => {
  expect(() => defineTelemetry({ ...good, ...change })).toThrow(new TypeError(`telemetry.test: ${message}`));
});

test('instruments are those of the table, and record', async () => {
  const producer = hotMetrics().producer();
  const { duration, errors } = hotMetricsFrom(good);
  expect([duration.kind, errors.kind]).toEqual(['histogram', 'counter']);
  duration.bind({ 'telemetry.test.operation': 'read' }).record(1.5);
  errors.bind().add(2);
  const { resourceMetrics } = await producer.collect();
  const [scope] = resourceMetrics.scopeMetrics;
  expect(scope?.scope).toMatchObject({ name: 'telemetry.test', version: '1.2.3' });
  const [first, second] = scope?.metrics ?? [];
  expect(first?.descriptor).toMatchObject({ name: 'telemetry.test.duration', unit: 's', description: 'How long.' });
  expect(first?.dataPoints[0]?.value).toMatchObject({ count: 1, buckets: { boundaries: [1, 2], counts: [0, 1, 0] } });
  expect(second?.dataPoints[0]?.value).toBe(2);
  producer.close();
});

test('every kind of instrument can be stated', () => {
  const kinds = ['counter', 'updowncounter', 'gauge', 'histogram'] as const;
  for (const instrument of kinds) {
    const metric = { name: `telemetry.test.${instrument}`, unit: '1', instrument, description: '', attributes: [] };
    expect(hotMetricsFrom({ ...good, metrics: { metric } }).metric.kind).toBe(instrument);
  }
});

test('event handles are those of the table', () => {
  eventsFrom(good).slow.bind({ 'telemetry.test.operation': 'read' }).emit(1);
  const [record] = eventStream().query().where({ name: 'telemetry.test.slow' }).records();
  expect(record).toMatchObject({
    category: 'vfs',
    severity: Severity.WARN,
    labels: { 'telemetry.test.operation': 'read' },
  });
});
