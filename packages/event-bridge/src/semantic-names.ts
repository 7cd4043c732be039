import { createRequire } from 'node:module';
import { type EventDefinition, Severity } from '@sonde/event-stream';
import { defineTelemetry, type Telemetry } from '@sonde/instrumentation-kit';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** The event that stands for an ended span. */
export const SPAN_EVENT_NAME = 'sonde.span';
/** The event that `@sonde/causality` emits for each started span. */
export const SPAN_STARTED_NAME = 'sonde.span.started';
/** The event that `@sonde/anomaly-detection` emits; it writes a fuller log record of its own. */
export const ANOMALY_NAME = 'sonde.anomaly';

const METRICS = {
  events: {
    name: 'sonde.event_stream.events',
    unit: '{event}',
    instrument: 'counter',
    description: 'Events written to the rings of all threads.',
    attributes: [],
    observed: true,
  },
  refused: {
    name: 'sonde.event_stream.events.refused',
    unit: '{event}',
    instrument: 'counter',
    description: 'Events refused because a lossless subscriber was behind or a value could not be stored.',
    attributes: [],
    observed: true,
  },
  thinned: {
    name: 'sonde.event_stream.events.thinned',
    unit: '{event}',
    instrument: 'counter',
    description: 'Events left out on purpose to save time, counted exactly.',
    attributes: [],
    observed: true,
  },
  consumed: {
    name: 'sonde.event_stream.events.consumed',
    unit: '{event}',
    instrument: 'counter',
    description: 'Events that subscribers took from the rings, summed over subscribers.',
    attributes: [],
    observed: true,
  },
  overwritten: {
    name: 'sonde.event_stream.events.overwritten',
    unit: '{event}',
    instrument: 'counter',
    description: 'Events that were overwritten before a subscriber had read them, summed over subscribers.',
    attributes: [],
    observed: true,
  },
  memory: {
    name: 'sonde.event_stream.memory',
    unit: 'By',
    instrument: 'gauge',
    description: 'Shared memory held by the rings of all threads.',
    attributes: [],
    observed: true,
  },
  threads: {
    name: 'sonde.event_stream.threads',
    unit: '{thread}',
    instrument: 'gauge',
    description: 'Threads whose events can be read here, those that ended within the last minute included.',
    attributes: [],
    observed: true,
  },
  bridged: {
    name: 'sonde.event_bridge.events',
    unit: '{event}',
    instrument: 'counter',
    description: 'Events of warning severity or above, by what became of them on their way to the logs.',
    attributes: ['sonde.event_bridge.outcome'],
  },
  logRecords: {
    name: 'sonde.event_bridge.log_records',
    unit: '{log_record}',
    instrument: 'counter',
    description: 'Log records written; one can stand for many events.',
    attributes: [],
  },
} as const;

const EVENTS: Readonly<Record<'span' | 'heldBack' | 'lost', EventDefinition>> = {
  span: {
    name: SPAN_EVENT_NAME,
    category: 'process',
    severity: Severity.INFO,
    description: 'A span has ended. The severity is ERROR when its status is an error, INFO otherwise.',
    value: { key: 'sonde.span.duration', unit: 's', description: 'From its start to its end.' },
    labels: [
      { key: 'sonde.span.name', description: 'Name of the span, `_OTHER` beyond the first 1,000 different ones.' },
      { key: 'sonde.span.kind', description: 'Kind of the span.' },
    ],
  },
  heldBack: {
    name: 'sonde.event_bridge.held_back',
    category: 'process',
    severity: Severity.WARN,
    description: 'Log records were held back by the rate limit.',
    value: { key: 'sonde.event_bridge.held_back', unit: '{log_record}', description: 'Log records held back.' },
    detail: { key: 'sonde.event_bridge.held_back_events', unit: '{event}', description: 'Events folded into them.' },
    labels: [{ key: 'sonde.event_bridge.most_frequent', description: 'The event that had most of them.' }],
  },
  lost: {
    name: 'sonde.event_bridge.lost',
    category: 'process',
    severity: Severity.WARN,
    description: 'Events were overwritten before they could be read for the logs: warnings may be missing.',
    value: { key: 'sonde.event_bridge.lost', unit: '{event}', description: 'Events of any severity overwritten.' },
  },
};

const ATTRIBUTES = {
  count: {
    name: 'sonde.event.count',
    type: 'int',
    description: 'Events that this log record stands for; absent when it is one.',
    example: 12,
  },
  lastTime: {
    name: 'sonde.event.last_time',
    type: 'string',
    description: 'When the last of them happened; the timestamp of the record is that of the first.',
    example: '2026-05-04T10:00:04.120Z',
  },
  category: {
    name: 'sonde.event.category',
    type: 'string',
    description: 'The subsystem that the event tells about.',
    example: 'vfs',
  },
  threadId: {
    name: 'thread.id',
    type: 'int',
    description: 'Thread that emitted the event: 0 is the main thread, others are `worker_threads.threadId`.',
    example: 0,
  },
  hlc: {
    name: 'sonde.hlc',
    type: 'string',
    description:
      'Hybrid logical timestamp of the event, 16 hex digits that sort by time: the order of events among threads and processes that carry it. Of a fold, that of the event whose fields it tells.',
    example: '0197a3c5d1e80003',
  },
  outcome: {
    name: 'sonde.event_bridge.outcome',
    type: 'string',
    description:
      'What became of an event: `logged`, `held_back` by the rate limit, `lost` because it was overwritten before it was read, `own` when the log pipeline itself emitted it, `failed` when the logger threw.',
    example: 'logged',
  },
  mostFrequent: {
    name: 'sonde.event_bridge.most_frequent',
    type: 'string',
    description: 'Name of the event that was held back most often.',
    example: 'sonde.vfs.slow_operation',
  },
  spanName: {
    name: 'sonde.span.name',
    type: 'string',
    description: 'Name of the span.',
    example: 'GET /users/:id',
  },
  spanKind: {
    name: 'sonde.span.kind',
    type: 'string',
    description: 'Kind of the span: `internal`, `server`, `client`, `producer` or `consumer`.',
    example: 'server',
  },
} as const;

/** Everything this package emits. */
export const TELEMETRY: Telemetry<
  typeof METRICS,
  typeof EVENTS,
  Record<never, never>,
  typeof ATTRIBUTES
> = defineTelemetry({
  scope: '@sonde/event-bridge',
  version,
  metrics: METRICS,
  events: EVENTS,
  spans: {},
  attributes: ATTRIBUTES,
});
