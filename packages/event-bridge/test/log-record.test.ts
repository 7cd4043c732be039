import { trace } from '@opentelemetry/api';
import type { EventDefinition } from '@sonde/event-stream';
import type { Fold } from '../src/event-folds.ts';
import { toLogRecord } from '../src/log-record.ts';
import { recordOf } from './records.ts';

const definition: EventDefinition = {
  name: 'test.slow',
  category: 'vfs',
  severity: 13,
  description: 'A file system operation was slow.',
  value: { key: 'test.duration', unit: 's', description: 'How long it took.' },
  detail: { key: 'test.bytes', unit: 'By', description: 'How much it moved.' },
  labels: [{ key: 'file.operation', description: 'Which.' }],
  text: { key: 'file.path', description: 'Where.' },
};

function foldOf(fold: Partial<Fold> = {}): Fold {
  const worst = fold.worst ?? recordOf();
  return { worst, count: 1, firstMs: worst.time, lastMs: worst.time, openedMs: 0, ...fold };
}

test('fields appear under the keys of their definition', () => {
  const worst = recordOf({ value: 0.5, detail: 4096, labels: { 'file.operation': 'read' }, text: '/data/a' });
  const record = toLogRecord(foldOf({ worst }), definition);
  expect(record).toMatchObject({ eventName: 'test.slow', severityNumber: 13, severityText: 'WARN' });
  expect(record.attributes).toEqual({
    'test.duration': 0.5,
    'test.bytes': 4096,
    'file.operation': 'read',
    'file.path': '/data/a',
    'sonde.event.category': 'vfs',
    'thread.id': 0,
    'sonde.hlc': '0000000000000001',
  });
  expect(record.body).toBe(
    'A file system operation was slow: file.operation=read, test.duration=0.5, test.bytes=4096, file.path=/data/a',
  );
});

test('the timestamp of the hybrid clock is sixteen hex digits, as carriers have it', () => {
  const { attributes } = toLogRecord(foldOf({ worst: recordOf({ hlc: 0x0197a3c5d1e80003n }) }), definition);
  expect(attributes['sonde.hlc']).toBe('0197a3c5d1e80003');
});

test('a number that is not there and an empty text are left out', () => {
  const record = toLogRecord(foldOf(), definition);
  expect(record.attributes).toEqual({
    'sonde.event.category': 'vfs',
    'thread.id': 0,
    'sonde.hlc': '0000000000000001',
  });
  expect(record.body).toBe('A file system operation was slow');
});

test('a fold says how often and until when, and carries the time of its first event', () => {
  const record = toLogRecord(
    foldOf({ count: 12, firstMs: 1_700_000_000_123.25, lastMs: 1_700_000_004_000 }),
    definition,
  );
  expect(record.timestamp).toEqual([1_700_000_000, 123_250_000]);
  expect(record.attributes).toMatchObject({
    'sonde.event.count': 12,
    'sonde.event.last_time': '2023-11-14T22:13:24.000Z',
  });
  expect(record.body).toMatch(/: 12 times$/);
});

test('the trace of the event is the context of the log, without one there is no span', () => {
  const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const record = toLogRecord(foldOf({ worst: recordOf({ traceId, spanId }) }), definition);
  expect(trace.getSpanContext(record.context)).toMatchObject({ traceId, spanId });
  expect(trace.getSpanContext(toLogRecord(foldOf(), definition).context)).toBeUndefined();
});

test('labels named like parts of every object are ordinary attributes', () => {
  const labels = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
  const { attributes } = toLogRecord(foldOf({ worst: recordOf({ labels }) }), undefined);
  expect(Object.entries(attributes)).toEqual(
    expect.arrayContaining([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]),
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300])(
  'for the time %p the time of arrival stands in',
  (time) => {
    const { timestamp, attributes } = toLogRecord(
      foldOf({ count: 2, firstMs: time, lastMs: time, openedMs: 1_700_000_000_000 }),
      definition,
    );
    expect(timestamp).toEqual([1_700_000_000, 0]);
    expect(attributes['sonde.event.last_time']).toBe('2023-11-14T22:13:20.000Z');
  },
);
