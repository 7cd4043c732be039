import { createRequire } from 'node:module';
import { type EventDefinition, Severity } from '@sonde/event-stream';
import { defineTelemetry, type MetricOf, type Telemetry } from '@sonde/instrumentation-kit';
import { BLAME_ATTRIBUTES, CAUSE_ATTRIBUTES } from './blame/semantic-names.ts';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** The event that the event bridge emits for each ended span: where durations come from. */
export const SPAN_ENDED = 'sonde.span';

const METRICS: { readonly received: MetricOf<'counter'>; readonly omitted: MetricOf<'counter'> } = {
  received: {
    name: 'sonde.causality.timestamps.received',
    unit: '{timestamp}',
    instrument: 'counter',
    description:
      'Hybrid logical timestamps that arrived in tracestate or in a response, by whether the clock took them.',
    attributes: ['sonde.causality.outcome'],
  },
  omitted: {
    name: 'sonde.causality.timestamps.omitted',
    unit: '{timestamp}',
    instrument: 'counter',
    description: 'Timestamps not sent because the tracestate was full: no member of another vendor is pushed out.',
    attributes: [],
  },
};

const EVENTS: Readonly<Record<'spanStarted' | 'chainEntered', EventDefinition>> = {
  spanStarted: {
    name: 'sonde.span.started',
    category: 'process',
    severity: Severity.DEBUG,
    description: 'A recorded span has started.',
    value: {
      key: 'sonde.span.parent.high',
      unit: '1',
      description: 'First eight hex digits of the span id of its parent, as a number; none for a root.',
    },
    detail: { key: 'sonde.span.parent.low', unit: '1', description: 'The other eight.' },
    labels: [
      { key: 'sonde.span.name', description: 'Name of the span, `_OTHER` beyond the first 1,000 different ones.' },
      { key: 'sonde.span.kind', description: 'Kind of the span.' },
    ],
    text: {
      key: 'sonde.causes',
      description:
        'What else it follows from: `link:TRACE-SPAN`, and `sent:TIMESTAMP`, when a remote parent sent its context.',
    },
  },
  chainEntered: {
    name: 'sonde.chain.entered',
    category: 'process',
    severity: Severity.DEBUG,
    description: 'Code has begun to run in a causal chain.',
    text: { key: 'sonde.causes', description: 'What it follows from: `link:TRACE-SPAN`, a span or an outer chain.' },
  },
};

const ATTRIBUTES = {
  hlc: {
    name: 'sonde.hlc',
    type: 'string',
    description: 'Hybrid logical timestamp of the start of a span, or of an event: 16 hex digits that sort by time.',
    example: '0197a3c5d1e80003',
  },
  outcome: {
    name: 'sonde.causality.outcome',
    type: 'string',
    description: 'What became of a received timestamp: `accepted`, or `refused` as malformed or too far ahead.',
    example: 'accepted',
  },
  causes: {
    name: 'sonde.batch.causes',
    type: 'int',
    description: 'Traces that asked for the work of a batch; it has links to the first 128 of them.',
    example: 12,
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
  typeof ATTRIBUTES & typeof BLAME_ATTRIBUTES & typeof CAUSE_ATTRIBUTES
> = defineTelemetry({
  scope: '@sonde/causality',
  version,
  metrics: METRICS,
  events: EVENTS,
  spans: {},
  attributes: { ...ATTRIBUTES, ...BLAME_ATTRIBUTES, ...CAUSE_ATTRIBUTES },
});
