import { createRequire } from 'node:module';
import { defineTelemetry, type MetricOf, type Telemetry } from '@sonde/instrumentation-kit';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const METRICS = {
  traces: {
    name: 'sonde.sampling.traces',
    unit: '{trace}',
    instrument: 'counter',
    description: 'Traces that began here, by key and by what became of them.',
    attributes: ['sonde.sampling.key', 'sonde.sampling.decision'],
    observed: true,
  },
  followed: {
    name: 'sonde.sampling.followed',
    unit: '{span}',
    instrument: 'counter',
    description: 'Spans below a remote parent, decided as the parent was.',
    attributes: ['sonde.sampling.decision'],
    observed: true,
  },
  rate: {
    name: 'sonde.sampling.rate',
    unit: '{trace}/s',
    instrument: 'gauge',
    description: 'Estimated traces a second that begin with a key.',
    attributes: ['sonde.sampling.key'],
    observed: true,
  },
  probability: {
    name: 'sonde.sampling.probability',
    unit: '1',
    instrument: 'gauge',
    description: 'Probability with which the next trace of a key is kept.',
    attributes: ['sonde.sampling.key'],
    observed: true,
  },
  budget: {
    name: 'sonde.sampling.budget',
    unit: '1/s',
    instrument: 'gauge',
    description: 'Traces or spans a second to be kept.',
    attributes: ['sonde.sampling.unit'],
    observed: true,
  },
  level: {
    name: 'sonde.sampling.budget.level',
    unit: '1',
    instrument: 'gauge',
    description: 'Account of the budget: 0.5 is on budget, 0 used up (below it overdrawn), 1 unused.',
    attributes: [],
    observed: true,
  },
  fallbacks: {
    name: 'sonde.sampling.fallbacks',
    unit: '{decision}',
    instrument: 'counter',
    description: 'Decisions that were not made as asked for, by reason.',
    attributes: ['sonde.sampling.reason'],
    observed: true,
  },
  overhead: {
    name: 'sonde.sampling.overhead',
    unit: '1',
    instrument: 'gauge',
    description: "Part of the event-loop thread's time that telemetry takes, measured.",
    attributes: [],
    observed: true,
  },
  overheadTarget: {
    name: 'sonde.sampling.overhead.target',
    unit: '1',
    instrument: 'gauge',
    description: 'What it may take.',
    attributes: [],
    observed: true,
  },
  overheadUnreachable: {
    name: 'sonde.sampling.overhead.unreachable',
    unit: '1',
    instrument: 'gauge',
    description: '1 while recording less cannot hold the target: what every span costs is above it, or what is kept.',
    attributes: [],
    observed: true,
  },
  recordFraction: {
    name: 'sonde.sampling.record_fraction',
    unit: '1',
    instrument: 'gauge',
    description: 'Part of the traces that may be recorded for the tail processor.',
    attributes: [],
    observed: true,
  },
  eventThinning: {
    name: 'sonde.sampling.event_thinning',
    unit: '1',
    instrument: 'gauge',
    description: 'One in this many events below WARN is kept.',
    attributes: [],
    observed: true,
  },
  emergency: {
    name: 'sonde.sampling.emergency',
    unit: '1',
    instrument: 'gauge',
    description: '1 while one trace in a hundred is kept because the process has no time or memory left.',
    attributes: [],
    observed: true,
  },
  emergencies: {
    name: 'sonde.sampling.emergencies',
    unit: '{emergency}',
    instrument: 'counter',
    description: 'Emergencies so far.',
    attributes: [],
    observed: true,
  },
  tailTraces: {
    name: 'sonde.sampling.tail.traces',
    unit: '{trace}',
    instrument: 'counter',
    description: 'Local traces that the tail processor decided, by what they were and by what became of them.',
    attributes: ['sonde.sampling.reason', 'sonde.sampling.decision'],
    observed: true,
  },
  tailEvictions: {
    name: 'sonde.sampling.tail.evictions',
    unit: '{trace}',
    instrument: 'counter',
    description: 'Local traces let go undecided because the tail processor held too much: kept if the sampler had.',
    attributes: ['sonde.sampling.decision'],
    observed: true,
  },
  tailLate: {
    name: 'sonde.sampling.tail.late_spans',
    unit: '{span}',
    instrument: 'counter',
    description: 'Spans that ended after their local trace was decided.',
    attributes: ['sonde.sampling.decision'],
    observed: true,
  },
  tailSpans: {
    name: 'sonde.sampling.tail.spans',
    unit: '{span}',
    instrument: 'gauge',
    description: 'Ended spans that the tail processor holds until their trace is decided.',
    attributes: [],
    observed: true,
  },
  tailMemory: {
    name: 'sonde.sampling.tail.memory',
    unit: 'By',
    instrument: 'gauge',
    description: 'Estimated memory of what the tail processor holds.',
    attributes: [],
    observed: true,
  },
  lease: {
    name: 'sonde.sampling.fleet.lease',
    unit: '1/s',
    instrument: 'gauge',
    description: 'Traces or spans a second that this process may keep of a budget that it shares with others.',
    attributes: [],
    observed: true,
  },
  fleetSize: {
    name: 'sonde.sampling.fleet.size',
    unit: '{process}',
    instrument: 'gauge',
    description: 'Processes or threads in the last exchange about a shared budget; 0 before the first.',
    attributes: [],
    observed: true,
  },
  fleetFailures: {
    name: 'sonde.sampling.fleet.failures',
    unit: '{exchange}',
    instrument: 'counter',
    description: 'Exchanges about a shared budget that failed, by reason.',
    attributes: ['sonde.sampling.reason'],
    observed: true,
  },
  fleetAge: {
    name: 'sonde.sampling.fleet.age',
    unit: 's',
    instrument: 'gauge',
    description: 'Time since the last exchange about a shared budget.',
    attributes: [],
    observed: true,
  },
} as const;

const ATTRIBUTES = {
  key: {
    name: 'sonde.sampling.key',
    type: 'string',
    description:
      'What a trace is kept as: its method and route, path or span name; (other) for all keys beyond the limit.',
    example: 'GET /users/:id',
  },
  decision: {
    name: 'sonde.sampling.decision',
    type: 'string',
    description: '`kept` or `dropped`.',
    example: 'kept',
  },
  unit: {
    name: 'sonde.sampling.unit',
    type: 'string',
    description: '`traces` or `spans`.',
    example: 'traces',
  },
  reason: {
    name: 'sonde.sampling.reason',
    type: 'string',
    description:
      '`key_threw`, `key_invalid`, `internal_error`, `parent_without_threshold` (kept, its true count is unknown) or `update_refused`; of an exchange: `error`, `timeout`, `garbage`, `lost` or `late`; of a local trace at its end: `explicit` (`keepTrace()`, a slow filesystem operation), `error`, `anomaly`, `slow`, `rare` or `normal`.',
    example: 'parent_without_threshold',
  },
} as const;

type Metrics = {
  readonly [Key in keyof typeof METRICS]: MetricOf<(typeof METRICS)[Key]['instrument']>;
};

/** Everything this package emits. */
export const TELEMETRY: Telemetry<
  Metrics,
  Record<never, never>,
  Record<never, never>,
  typeof ATTRIBUTES
> = defineTelemetry({
  scope: '@sonde/sampling',
  version,
  metrics: METRICS as Metrics,
  events: {},
  spans: {},
  attributes: ATTRIBUTES,
});
