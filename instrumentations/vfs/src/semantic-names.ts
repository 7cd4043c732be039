import { createRequire } from 'node:module';
import { type EventDefinition, Severity } from '@sonde/event-stream';
import {
  type AttributeDefinition,
  defineTelemetry,
  type MetricOf,
  type SpanDefinition,
  type Telemetry,
} from '@sonde/instrumentation-kit';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Attribute names, for the code that fills them. */
export const ATTRIBUTE = {
  operation: 'sonde.vfs.operation',
  api: 'sonde.vfs.api',
  mountpoint: 'system.filesystem.mountpoint',
  type: 'system.filesystem.type',
  direction: 'disk.io.direction',
  error: 'error.type',
  path: 'file.path',
} as const;

const FILE: readonly string[] = [ATTRIBUTE.operation, ATTRIBUTE.api, ATTRIBUTE.mountpoint, ATTRIBUTE.type];

const METRICS: {
  readonly duration: MetricOf<'histogram'>;
  readonly active: MetricOf<'updowncounter'>;
  readonly errors: MetricOf<'counter'>;
  readonly io: MetricOf<'counter'>;
} = {
  duration: {
    name: 'sonde.vfs.operation.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'Duration of filesystem operations, failed ones included.',
    attributes: FILE,
    // Operations on a page cache take microseconds, those on a disk or a network milliseconds.
    bucketBoundaries: [
      5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
      10,
    ],
  },
  active: {
    name: 'sonde.vfs.operation.active',
    unit: '{operation}',
    instrument: 'updowncounter',
    description: 'Asynchronous filesystem operations in flight.',
    attributes: FILE,
  },
  errors: {
    name: 'sonde.vfs.operation.errors',
    unit: '{error}',
    instrument: 'counter',
    description: 'Filesystem operations that failed, by error code.',
    attributes: [...FILE, ATTRIBUTE.error],
  },
  io: {
    name: 'sonde.vfs.io',
    unit: 'By',
    instrument: 'counter',
    description: 'Bytes read from and written to files.',
    attributes: [...FILE, ATTRIBUTE.direction],
  },
};

const EVENTS: Readonly<Record<'slow' | 'failed', EventDefinition>> = {
  slow: {
    name: 'sonde.vfs.slow_operation',
    category: 'vfs',
    severity: Severity.WARN,
    description: 'A filesystem operation took longer than the threshold, or than its own past lets expect.',
    value: { key: 'sonde.vfs.duration', unit: 's', description: 'How long it took.' },
    detail: {
      key: 'sonde.vfs.bytes',
      unit: 'By',
      description: 'Bytes read or written, where the operation moves any.',
    },
    labels: [
      { key: ATTRIBUTE.operation, description: 'Which operation.' },
      { key: ATTRIBUTE.mountpoint, description: 'The mount it acted on.' },
    ],
    text: { key: ATTRIBUTE.path, description: 'The path, as the option `paths` lets it be told.' },
  },
  failed: {
    name: 'sonde.vfs.failed_operation',
    category: 'vfs',
    severity: Severity.INFO,
    description: 'Filesystem operations failed: the first, then one a minute for those alike (operation, code, mount).',
    value: { key: 'sonde.vfs.count', unit: '{operation}', description: 'How many this event stands for.' },
    detail: { key: 'sonde.vfs.duration', unit: 's', description: 'How long the last of them took.' },
    labels: [
      { key: ATTRIBUTE.operation, description: 'Which operation.' },
      { key: ATTRIBUTE.error, description: 'Error code.' },
    ],
    text: { key: ATTRIBUTE.path, description: 'The path of the last one, as the option `paths` lets it be told.' },
  },
};

const SPANS: Readonly<Record<'slow', SpanDefinition>> = {
  slow: {
    name: 'vfs {sonde.vfs.operation}',
    kind: 'internal',
    description: 'A slow filesystem operation, made after the fact with its true start and end. Fast ones make none.',
    attributes: [...FILE, ATTRIBUTE.path, ATTRIBUTE.error],
  },
};

const ATTRIBUTES: Readonly<Record<keyof typeof ATTRIBUTE, AttributeDefinition>> = {
  operation: {
    name: ATTRIBUTE.operation,
    type: 'string',
    description: 'Name of the operation in the fs API, the same for all styles of call.',
    example: 'readFile',
  },
  api: {
    name: ATTRIBUTE.api,
    type: 'string',
    description: 'Style of call: `sync` (which blocks the event loop), `callback` or `promise`.',
    example: 'promise',
  },
  mountpoint: {
    name: ATTRIBUTE.mountpoint,
    type: 'string',
    description: 'Where the filesystem is mounted; `unknown` where that cannot be told.',
    example: '/var/lib/data',
  },
  type: { name: ATTRIBUTE.type, type: 'string', description: 'Type of the filesystem.', example: 'ext4' },
  direction: { name: ATTRIBUTE.direction, type: 'string', description: '`read` or `write`.', example: 'read' },
  error: { name: ATTRIBUTE.error, type: 'string', description: 'Code of the error.', example: 'ENOENT' },
  path: {
    name: ATTRIBUTE.path,
    type: 'string',
    description: 'The path as the option `paths` lets it be told.',
    example: '/srv/uploads/*.png',
  },
};

/** Everything that this package emits. */
export const TELEMETRY: Telemetry<typeof METRICS, typeof EVENTS, typeof SPANS, typeof ATTRIBUTES> = defineTelemetry({
  scope: '@sonde/instrumentation-vfs',
  version,
  metrics: METRICS,
  events: EVENTS,
  spans: SPANS,
  attributes: ATTRIBUTES,
});
