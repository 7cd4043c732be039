import {
  createEventStream,
  type EventDefinition,
  type EventStream,
  type EventStreamConfig,
  Severity,
} from '../src/index.ts';

/** A clock that stands still until it is told. */
export class ManualClock {
  nowMs = 1000;
  readonly now = (): number => this.nowMs;
}

/** Epoch of the manual clock's zero. */
export const ORIGIN_MS = 1_700_000_000_000;

/** A stream of the smallest ring, on a manual clock. */
export function smallStream(config: EventStreamConfig = {}): { stream: EventStream; clock: ManualClock } {
  const clock = new ManualClock();
  const stream = createEventStream({ slots: 1024, now: clock.now, timeOriginMs: ORIGIN_MS, pid: 7, ...config });
  return { stream, clock };
}

/** What readers leave alone behind the writer; the smallest ring then has 768 records to read. */
export const READABLE = 1024 - 256;

export const READ: EventDefinition = {
  name: 'test.read',
  category: 'vfs',
  severity: Severity.INFO,
  description: 'Something was read.',
  value: { key: 'test.duration', unit: 's', description: 'How long it took.' },
  detail: { key: 'test.size', unit: 'By', description: 'How much it was.' },
  labels: [
    { key: 'test.operation', description: 'What was called.' },
    { key: 'test.mount', description: 'Where.' },
  ],
  text: { key: 'test.path', description: 'Of what.' },
};

export const DENIED: EventDefinition = {
  name: 'test.denied',
  category: 'security',
  severity: Severity.WARN,
  description: 'Something was denied.',
};

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const SPAN_ID = 'b7ad6b7169203331';
