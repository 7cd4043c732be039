import { createRequire } from 'node:module';
import { type EventDefinition, Severity } from '@sonde/event-stream';
import { defineTelemetry, type Telemetry } from '@sonde/instrumentation-kit';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const METRICS = {
  count: {
    name: 'sonde.anomaly.count',
    unit: '{anomaly}',
    instrument: 'counter',
    description: 'Anomalies that were told, folded ones counted once.',
    attributes: ['sonde.anomaly.source', 'sonde.anomaly.severity'],
  },
  score: {
    name: 'sonde.anomaly.score',
    unit: '1',
    instrument: 'gauge',
    description: 'Highest score of the anomalies that go on, 0 while there is none.',
    attributes: [],
    observed: true,
  },
  series: {
    name: 'sonde.anomaly.series',
    unit: '{series}',
    instrument: 'gauge',
    description: 'Series that are watched.',
    attributes: [],
    observed: true,
  },
  evicted: {
    name: 'sonde.anomaly.series.evicted',
    unit: '{series}',
    instrument: 'counter',
    description: 'Series forgotten, because others were seen more recently and there is a bound.',
    attributes: [],
  },
  dropped: {
    name: 'sonde.anomaly.series.dropped',
    unit: '{series}',
    instrument: 'counter',
    description: 'New series that were not watched, because all places were taken by series seen just now.',
    attributes: [],
  },
  suppressed: {
    name: 'sonde.anomaly.suppressed',
    unit: '{anomaly}',
    instrument: 'counter',
    description: 'Anomalies that were not told: paused, or beyond the number told in an hour.',
    attributes: ['sonde.anomaly.suppression'],
  },
} as const;

const EVENTS: Readonly<Record<'anomaly', EventDefinition>> = {
  anomaly: {
    name: 'sonde.anomaly',
    category: 'process',
    severity: Severity.WARN,
    description: 'Something is out of the ordinary; the same, at INFO, when that has ended.',
    value: { key: 'sonde.anomaly.value', description: 'The value observed, in the unit of the series.' },
    detail: { key: 'sonde.anomaly.score', unit: '1', description: 'From 0.5 (just an anomaly) to 1.' },
    labels: [
      { key: 'sonde.anomaly.series', description: 'The series with its labels, and what of it is unusual.' },
      { key: 'sonde.anomaly.source', description: '`metric`, `span` or `event`.' },
    ],
    text: { key: 'sonde.anomaly.message', description: 'In words, with what was expected and what moved together.' },
  },
};

const ATTRIBUTES = {
  score: {
    name: 'sonde.anomaly.score',
    type: 'double',
    description: 'Of an anomaly: 0.5 to 1. Of a span: how improbable it is, as -log10 of the probability.',
    example: 0.71,
  },
  reason: {
    name: 'sonde.anomaly.reason',
    type: 'string',
    description: 'Why a span is out of the ordinary: `latency`, `error_rate` or `rare_error`.',
    example: 'latency',
  },
  source: {
    name: 'sonde.anomaly.source',
    type: 'string',
    description: 'Where the series comes from: `metric`, `span` or `event`.',
    example: 'metric',
  },
  severity: {
    name: 'sonde.anomaly.severity',
    type: 'string',
    description: '`warning` or `error`.',
    example: 'warning',
  },
  suppression: {
    name: 'sonde.anomaly.suppression',
    type: 'string',
    description: 'Why an anomaly was not told: `paused` or `rate_limit`.',
    example: 'paused',
  },
  series: {
    name: 'sonde.anomaly.series',
    type: 'string',
    description: 'The series with its labels, and what of it is unusual.',
    example: 'http.server.request.duration{http.route=/users} error_share',
  },
  state: {
    name: 'sonde.anomaly.state',
    type: 'string',
    description: '`started` or `ended`.',
    example: 'started',
  },
  direction: {
    name: 'sonde.anomaly.direction',
    type: 'string',
    description: '`up` or `down` from what was expected.',
    example: 'up',
  },
  value: {
    name: 'sonde.anomaly.value',
    type: 'double',
    description: 'The value observed, in the unit of the series.',
    example: 0.42,
  },
  peak: {
    name: 'sonde.anomaly.peak',
    type: 'double',
    description: 'The value farthest from what was expected.',
    example: 0.5,
  },
  unit: { name: 'sonde.anomaly.unit', type: 'string', description: 'UCUM unit of value and range.', example: 's' },
  low: {
    name: 'sonde.anomaly.expected.low',
    type: 'double',
    description: 'Lower end of what was expected.',
    example: 0,
  },
  high: {
    name: 'sonde.anomaly.expected.high',
    type: 'double',
    description: 'Upper end of what was expected.',
    example: 0.02,
  },
  onset: {
    name: 'sonde.anomaly.onset',
    type: 'int',
    description: 'When it began, in epoch milliseconds.',
    example: 1_700_000_000_000,
  },
  duration: {
    name: 'sonde.anomaly.duration',
    type: 'double',
    description: 'How long it lasted, in seconds; only when it has ended.',
    example: 61.5,
  },
  folded: {
    name: 'sonde.anomaly.folded',
    type: 'string[]',
    description: 'Other series that are anomalies at the same time, told by this one event.',
    example: ['nodejs.eventloop.delay.p99 value'],
  },
  message: {
    name: 'sonde.anomaly.message',
    type: 'string',
    description: 'The anomaly in words.',
    example: 'http.server.request.duration{http.route=/users} error_share is 0.42, expected at most 0.02',
  },
  movedTogether: {
    name: 'sonde.anomaly.moved_together',
    type: 'string[]',
    description: 'Series that were unusual around the onset, the most unusual first. None is said to be the cause.',
    example: ['sonde.vfs.operation.duration{sonde.vfs.operation=readFile} p99'],
  },
} as const;

/** The span attributes that the tail stage of sampling reads. */
export const SPAN_SCORE: string = ATTRIBUTES.score.name;
export const SPAN_REASON: string = ATTRIBUTES.reason.name;

/** Everything this package emits. */
export const TELEMETRY: Telemetry<
  typeof METRICS,
  typeof EVENTS,
  Record<never, never>,
  typeof ATTRIBUTES
> = defineTelemetry({
  scope: '@sonde/anomaly-detection',
  version,
  metrics: METRICS,
  events: EVENTS,
  spans: {},
  attributes: ATTRIBUTES,
});
