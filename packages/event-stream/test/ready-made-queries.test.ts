import {
  type EventDefinition,
  errorEvents,
  filesystemPerformance,
  memoryPressure,
  Severity,
  securityEvents,
  slowOperations,
  syscallPerformance,
  traceEvents,
} from '../src/index.ts';
import { DENIED, ORIGIN_MS, READ, SPAN_ID, smallStream, TRACE_ID } from './streams.ts';

const CALL: EventDefinition = {
  name: 'test.call',
  category: 'syscall',
  severity: Severity.INFO,
  description: 'A call.',
  value: { key: 'test.duration', unit: 's', description: 'How long it took.' },
};
const COUNT: EventDefinition = {
  ...CALL,
  name: 'test.count',
  value: { key: 'test.count', unit: '1', description: 'Not a duration.' },
};
const PRESSURE: EventDefinition = { ...DENIED, name: 'test.pressure', category: 'memory' };

it('slowOperations are the longest of all events that have a duration in seconds', () => {
  const { stream } = smallStream();
  stream.event(COUNT).emit(1, 1e9);
  for (let i = 0; i < 50; i++) stream.event(i % 2 === 0 ? READ : CALL).emit(1, i / 10);
  expect(slowOperations(stream).map(({ value }) => value)).toEqual([4.9, 4.8, 4.7, 4.6, 4.5, 4.4, 4.3, 4.2, 4.1, 4]);
  expect(slowOperations(stream, { limit: 1 })).toMatchObject([{ name: 'test.call', value: 4.9 }]);
});

it('slowOperations are none where no event has a duration', () => {
  const { stream } = smallStream();
  stream.event(COUNT).emit(1, 5);
  expect(slowOperations(stream)).toEqual([]);
});

it('operationPerformance tells apart operations by their first label, or by the event', () => {
  const { stream } = smallStream();
  const [open, read] = ['open', 'read'].map((operation) => stream.event(READ).bind({ 'test.operation': operation }));
  for (let i = 1; i <= 100; i++) open?.emit(1, i / 1000);
  read?.emit(1, 7);
  stream.event(CALL).emit(1, 2);
  stream.event(COUNT).emit(1, 3);
  const [first, second, ...others] = filesystemPerformance(stream);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ name: 'test.read', operation: 'open', count: 100, max: 0.1 });
  expect(first?.mean).toBeCloseTo(0.0505);
  for (const [figure, exact] of [
    ['p50', 0.05],
    ['p95', 0.095],
    ['p99', 0.099],
  ] as const) {
    expect(Math.abs((first?.[figure] ?? 0) - exact)).toBeLessThanOrEqual(exact / 65);
  }
  expect(second).toMatchObject({ operation: 'read', count: 1, max: 7 });
  expect(syscallPerformance(stream)).toMatchObject([{ name: 'test.call', operation: '', count: 1, mean: 2 }]);
  expect(filesystemPerformance(stream, { limit: 1 })).toHaveLength(1);
});

it('memoryPressure holds memory events of WARN and above, a minute at a time', () => {
  const { stream, clock } = smallStream();
  clock.nowMs = 300_000;
  for (const time of [1000, 2000, 130_000]) stream.event(PRESSURE).emit(time);
  stream.event(PRESSURE).bind({}, Severity.INFO).emit(3000);
  const { count, kinds, timeline, latest } = memoryPressure(stream, { limit: 2 });
  expect(count).toBe(3);
  expect(kinds).toMatchObject([{ key: 'test.pressure', count: 3 }]);
  expect(timeline.map((bucket) => bucket.count)).toEqual([2, 1]);
  expect(latest.map(({ time }) => time - ORIGIN_MS)).toEqual([2000, 130_000]);
});

it('securityEvents and errorEvents hold theirs', () => {
  const { stream } = smallStream();
  stream.event(DENIED).emit(1);
  stream.event(DENIED).bind({}, Severity.INFO).emit(1);
  stream.event(READ).bind({}, Severity.ERROR).emit(1);
  expect(securityEvents(stream)).toMatchObject({ count: 2, kinds: [{ key: 'test.denied' }] });
  expect(errorEvents(stream)).toMatchObject({ count: 1, latest: [{ name: 'test.read' }] });
});

it('traceEvents are those of one trace, in order', () => {
  const { stream } = smallStream();
  const context = stream.context(TRACE_ID, SPAN_ID);
  for (let i = 0; i < 5; i++) stream.event(READ).emit(1, i, 0, i % 2 === 0 ? context : 0);
  expect(traceEvents(stream, TRACE_ID).map(({ value }) => value)).toEqual([0, 2, 4]);
  expect(traceEvents(stream, TRACE_ID, { limit: 1 }).map(({ value }) => value)).toEqual([4]);
  expect(traceEvents(stream, 'nonsense')).toEqual([]);
});

it('all look no further back than they are told', () => {
  const { stream, clock } = smallStream();
  clock.nowMs = 1e6;
  const all = [CALL, READ, PRESSURE, DENIED].map((definition) => stream.event(definition).bind({}, Severity.ERROR));
  for (const time of [1000, 500_000]) {
    for (const handle of all) handle.emit(time, 1, 0, stream.context(TRACE_ID, SPAN_ID));
  }
  const since = { since: ORIGIN_MS + 400_000 };
  expect(slowOperations(stream, since)).toHaveLength(2);
  expect(syscallPerformance(stream, since)).toMatchObject([{ count: 1 }]);
  expect(memoryPressure(stream, since).count).toBe(1);
  expect(securityEvents(stream, since).count).toBe(1);
  expect(errorEvents(stream, since).count).toBe(4);
  expect(traceEvents(stream, TRACE_ID, since)).toHaveLength(4);
});
