import { createRequire } from 'node:module';
import { type EventDefinition, Severity } from '@sonde/event-stream';
import {
  type AttributeDefinition,
  defineTelemetry,
  type MetricOf,
  type SpanDefinition,
  type Telemetry,
} from '@sonde/instrumentation-kit';
import { PROCESS_ATTRIBUTES, PROCESS_EVENTS, PROCESS_METRICS, PROCESS_SPANS } from './process-names.ts';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Attribute names, for the code that fills them. */
export const ATTRIBUTE = {
  system: 'messaging.system',
  destination: 'messaging.destination.name',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  error: 'error.type',
  direction: 'network.io.direction',
  wait: 'sonde.ipc.queue.wait',
  reason: 'sonde.ipc.miss.reason',
  outcome: 'sonde.ipc.atomics.outcome',
} as const;

const CHANNEL: readonly string[] = [ATTRIBUTE.system, ATTRIBUTE.destination];
const OPERATION: readonly string[] = [...CHANNEL, ATTRIBUTE.operation];
/** From a message between two threads (some 10 us) to one that waits behind a blocked loop. */
const MESSAGE_SECONDS: readonly number[] = [
  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const METRICS: {
  readonly sent: MetricOf<'counter'>;
  readonly consumed: MetricOf<'counter'>;
  readonly sendDuration: MetricOf<'histogram'>;
  readonly processDuration: MetricOf<'histogram'>;
  readonly queueWait: MetricOf<'histogram'>;
  readonly queueDepth: MetricOf<'updowncounter'>;
  readonly io: MetricOf<'counter'>;
  readonly missed: MetricOf<'counter'>;
  readonly undelivered: MetricOf<'counter'>;
  readonly atomicsWait: MetricOf<'histogram'>;
  readonly atomicsNotify: MetricOf<'counter'>;
} = {
  sent: {
    name: 'messaging.client.sent.messages',
    unit: '{message}',
    instrument: 'counter',
    description: 'Messages sent to another thread or process; those that could not be sent have an `error.type`.',
    attributes: [...OPERATION, ATTRIBUTE.error],
  },
  consumed: {
    name: 'messaging.client.consumed.messages',
    unit: '{message}',
    instrument: 'counter',
    description:
      'Messages that arrived from another thread or process; those that could not be read have an `error.type`.',
    attributes: [...OPERATION, ATTRIBUTE.error],
  },
  sendDuration: {
    name: 'messaging.client.operation.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'Time for which sending a message held the sender up.',
    attributes: [...OPERATION, ATTRIBUTE.operationType],
    bucketBoundaries: MESSAGE_SECONDS,
  },
  processDuration: {
    name: 'messaging.process.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'Time that the handlers of a message took, up to their first await.',
    attributes: OPERATION,
    bucketBoundaries: MESSAGE_SECONDS,
  },
  queueWait: {
    name: 'sonde.ipc.queue.wait',
    unit: 's',
    instrument: 'histogram',
    description: 'Time from sending a message to its being taken up by the receiver.',
    attributes: CHANNEL,
    bucketBoundaries: MESSAGE_SECONDS,
  },
  queueDepth: {
    name: 'sonde.ipc.queue.depth',
    unit: '{message}',
    instrument: 'updowncounter',
    description: 'Messages sent by this process and not taken up yet, where the receiver tells.',
    attributes: CHANNEL,
    observed: true,
  },
  io: {
    name: 'sonde.ipc.io',
    unit: 'By',
    instrument: 'counter',
    description: 'Bytes sent and received, where the size of a message is known without serialising it again.',
    attributes: [...CHANNEL, ATTRIBUTE.direction],
  },
  missed: {
    name: 'sonde.ipc.context.missed',
    unit: '{message}',
    instrument: 'counter',
    description: 'Messages whose trace context could not be told for certain: their handlers run outside of any trace.',
    attributes: [...CHANNEL, ATTRIBUTE.reason],
  },
  undelivered: {
    name: 'sonde.ipc.undelivered.messages',
    unit: '{message}',
    instrument: 'counter',
    description: 'Messages that were never taken up because their receiver had ended.',
    attributes: CHANNEL,
  },
  atomicsWait: {
    name: 'sonde.ipc.atomics.wait.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'Time spent in `Atomics.wait`, and until what `Atomics.waitAsync` waits for comes.',
    attributes: [ATTRIBUTE.operation, ATTRIBUTE.outcome],
    bucketBoundaries: MESSAGE_SECONDS,
  },
  atomicsNotify: {
    name: 'sonde.ipc.atomics.notified',
    unit: '{agent}',
    instrument: 'counter',
    description: 'Waiters that `Atomics.notify` woke.',
    attributes: [],
  },
};

const LABELS = [
  { key: ATTRIBUTE.destination, description: 'The peer.' },
  { key: ATTRIBUTE.operation, description: '`send`, `receive` (the wait in the queue) or `process`.' },
];

const EVENTS: Readonly<Record<'slow' | 'failed' | 'undelivered', EventDefinition>> = {
  slow: {
    name: 'sonde.ipc.slow_message',
    category: 'ipc',
    severity: Severity.WARN,
    description: 'A message was sent, waited or was processed for longer than the threshold.',
    value: { key: 'sonde.ipc.duration', unit: 's', description: 'How long it took.' },
    labels: LABELS,
  },
  failed: {
    name: 'sonde.ipc.failed_message',
    category: 'ipc',
    severity: Severity.INFO,
    description:
      'Messages could not be sent or read: the first, then one a minute for those alike (peer, operation, error).',
    value: { key: 'sonde.ipc.count', unit: '{message}', description: 'How many this event stands for.' },
    labels: LABELS,
    text: { key: ATTRIBUTE.error, description: 'Name or code of the error.' },
  },
  undelivered: {
    name: 'sonde.ipc.undelivered',
    category: 'ipc',
    severity: Severity.WARN,
    description: 'A receiver ended before it took up the messages that were sent to it.',
    value: { key: 'sonde.ipc.count', unit: '{message}', description: 'How many.' },
    labels: [{ key: ATTRIBUTE.destination, description: 'The peer.' }],
  },
};

const MESSAGE: readonly string[] = [...OPERATION, ATTRIBUTE.operationType, ATTRIBUTE.error];

const SPANS: Readonly<Record<'send' | 'process', SpanDefinition>> = {
  send: {
    name: 'send {messaging.destination.name}',
    kind: 'producer',
    description: 'A message was sent from within a span that is recorded, or slowly.',
    attributes: MESSAGE,
  },
  process: {
    name: 'process {messaging.destination.name}',
    kind: 'consumer',
    description: 'The handlers of a message whose sender was recorded, or which were slow.',
    attributes: [...MESSAGE, ATTRIBUTE.wait],
  },
};

const ATTRIBUTES: Readonly<Record<keyof typeof ATTRIBUTE, AttributeDefinition>> = {
  system: {
    name: ATTRIBUTE.system,
    type: 'string',
    description:
      'Kind of channel: `nodejs.worker_threads`, `nodejs.message_port`, `nodejs.broadcast_channel`, `nodejs.child_process`.',
    example: 'nodejs.worker_threads',
  },
  destination: {
    name: ATTRIBUTE.destination,
    type: 'string',
    description: 'The peer: base name of the script of a worker or child, `parent` for the other direction.',
    example: 'resize.js',
  },
  operation: {
    name: ATTRIBUTE.operation,
    type: 'string',
    description: '`send`, `receive`, `process`; for shared memory `wait` or `waitAsync`.',
    example: 'send',
  },
  operationType: {
    name: ATTRIBUTE.operationType,
    type: 'string',
    description: '`send` or `process`.',
    example: 'send',
  },
  error: {
    name: ATTRIBUTE.error,
    type: 'string',
    description: 'Name or code of the error.',
    example: 'DataCloneError',
  },
  direction: {
    name: ATTRIBUTE.direction,
    type: 'string',
    description: '`transmit` or `receive`.',
    example: 'transmit',
  },
  wait: {
    name: ATTRIBUTE.wait,
    type: 'double',
    description: 'Seconds from sending the message to its being taken up.',
    example: 0.012,
  },
  reason: {
    name: ATTRIBUTE.reason,
    type: 'string',
    description:
      'Why: `lapped` (the receiver was too far behind), `peer` (one side was not instrumented when it was sent), `desync` (the sequence could not be followed), `manager` (a context manager that cannot be told what is active next), `answer` (sent to a worker right from the handler of an answer, as pools do from their queues: for whom, only the pool knows), `size` (baggage or tracestate too long to be carried: they alone stayed behind).',
    example: 'lapped',
  },
  outcome: {
    name: ATTRIBUTE.outcome,
    type: 'string',
    description: '`ok` (woken), `timed-out`, or `not-equal` (nothing to wait for).',
    example: 'ok',
  },
};

/** Everything that this package emits. */
export const TELEMETRY: Telemetry<
  typeof METRICS & typeof PROCESS_METRICS,
  typeof EVENTS & typeof PROCESS_EVENTS,
  typeof SPANS & typeof PROCESS_SPANS,
  typeof ATTRIBUTES & typeof PROCESS_ATTRIBUTES
> = defineTelemetry({
  scope: '@sonde/instrumentation-ipc',
  version,
  metrics: { ...METRICS, ...PROCESS_METRICS },
  events: { ...EVENTS, ...PROCESS_EVENTS },
  spans: { ...SPANS, ...PROCESS_SPANS },
  attributes: { ...ATTRIBUTES, ...PROCESS_ATTRIBUTES },
});
