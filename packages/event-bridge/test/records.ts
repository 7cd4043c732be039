import type { EventRecord } from '@sonde/event-stream';

/** An event record with what a test cares about. */
export function recordOf(fields: Partial<EventRecord> = {}): EventRecord {
  return {
    time: 1_700_000_000_000,
    hlc: 1n,
    name: 'test.slow',
    type: 0,
    severity: 13,
    category: 'vfs',
    value: Number.NaN,
    detail: Number.NaN,
    labels: {},
    text: '',
    traceId: '',
    spanId: '',
    sequence: 0,
    threadId: 0,
    pid: 1,
    ...fields,
  };
}
