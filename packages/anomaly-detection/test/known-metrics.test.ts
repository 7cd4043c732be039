import { KNOWN_METRICS, knownMetric } from '../src/index.ts';
import { relevanceOf, relevantChange } from '../src/relevance.ts';

test.each([
  ['http.server.request.duration', 's', 'histogram', 'latency'],
  ['nodejs.eventloop.utilization', '1', 'gauge', 'ratio'],
  ['nodejs.eventloop.delay.p99', 's', 'gauge', 'latency'],
  ['v8js.memory.heap.used', 'By', 'gauge', 'memory'],
  ['process.uptime', 's', 'gauge', 'ignored'],
  ['sonde.anomaly.count', '1', 'counter', 'ignored'],
  ['sonde.sampling.rate', '1', 'gauge', 'ignored'],
  ['otel.sdk.span.live', '{span}', 'gauge', 'ignored'],
  ['target_info', '', 'gauge', 'ignored'],
  ['shop.build_info', '', 'gauge', 'ignored'],
  ['shop.payment.failures', '1', 'counter', 'errors'],
  ['shop.render.duration', 'ms', 'histogram', 'latency'],
  ['shop.basket.size', '{item}', 'histogram', 'size'],
  ['shop.queue.length', '{job}', 'gauge', 'depth'],
  ['shop.cpu.utilization', '1', 'gauge', 'ratio'],
  ['shop.orders', '{order}', 'counter', 'work'],
  ['shop.temperature', 'Cel', 'gauge', 'level'],
  ['__proto__', '', 'gauge', 'level'],
] as const)('%s (%s, %s) is taken for: %s', (name, unit, kind, role) => {
  expect(knownMetric({ name, unit, kind }).role).toBe(role);
});

test('what is slow is in the unit of the metric', () => {
  expect(knownMetric({ name: 'shop.render', unit: 'ms', kind: 'histogram' })).toMatchObject({
    least: 20,
    slowFrom: 100,
  });
});

test('a lower latency and a change too small to matter are none; a fall counts as the rise back does', () => {
  const latency = relevanceOf({ role: 'latency' });
  expect(relevantChange(latency, 0.5, 0.1)).toBe('up');
  expect(relevantChange(latency, 0.1, 0.5)).toBeUndefined();
  expect(relevantChange(latency, 0.0004, 0.0002)).toBeUndefined();
  const work = relevanceOf({ role: 'work' });
  expect(relevantChange(work, 200, 100)).toBe('up');
  expect(relevantChange(work, 50, 100)).toBe('down');
  expect(relevantChange(work, 60, 100)).toBeUndefined();
  expect(relevantChange(work, 0, 100)).toBe('down');
  expect(relevantChange(work, Number.NaN, 100)).toBeUndefined();
});

test('every row of the table has a role that has a relevance', () => {
  for (const known of Object.values(KNOWN_METRICS)) expect(relevanceOf(known).ratio).toBeGreaterThanOrEqual(0);
});
