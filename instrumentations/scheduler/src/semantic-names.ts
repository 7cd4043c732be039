import { createRequire } from 'node:module';
import { type EventDefinition, Severity } from '@sonde/event-stream';
import { defineTelemetry, type Telemetry } from '@sonde/instrumentation-kit';
import { METRICS } from './metric-names.ts';

// Not a JSON import: that prints an ExperimentalWarning on Node 22.15.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const EVENTS: Readonly<Record<'blockedLoop' | 'longTurn' | 'gcPause' | 'poolWait', EventDefinition>> = {
  blockedLoop: {
    name: 'sonde.scheduler.blocked_loop',
    category: 'scheduler',
    severity: Severity.WARN,
    description: 'A turn of the event loop took too long: everything else in this thread waited.',
    value: { key: 'sonde.scheduler.turn.duration', unit: 's', description: 'How long the turn took.' },
    detail: { key: 'code.line.number', description: 'Line at which the function was seen, from 1.' },
    labels: [
      { key: 'code.function.name', description: 'Function of the application that was seen running.' },
      { key: 'http.route', description: 'Route of the request that it worked for.' },
    ],
    text: {
      key: 'code.stacktrace',
      description: 'Stack at that moment; the function named first, then from the innermost out.',
    },
  },
  longTurn: {
    name: 'sonde.scheduler.long_turn',
    category: 'scheduler',
    severity: Severity.INFO,
    description: 'A turn of the event loop was long, but under the threshold of the blocked-loop report.',
    value: { key: 'sonde.scheduler.turn.duration', unit: 's', description: 'How long the turn took.' },
    detail: { key: 'sonde.scheduler.turn.roots', unit: '{trace}', description: 'Traces that were active in it.' },
  },
  gcPause: {
    name: 'sonde.scheduler.gc_pause',
    category: 'scheduler',
    severity: Severity.WARN,
    description: 'A garbage collection stopped the thread for long.',
    value: { key: 'sonde.scheduler.gc.duration', unit: 's', description: 'How long it took.' },
    labels: [{ key: 'v8js.gc.type', description: 'Kind of collection.' }],
  },
  poolWait: {
    name: 'sonde.scheduler.pool_wait',
    category: 'scheduler',
    severity: Severity.WARN,
    description: 'Operations waited long for a thread of the libuv pool. Told again after it was better for a while.',
    value: { key: 'sonde.scheduler.pool.wait', unit: 's', description: 'Mean wait over the last window.' },
    detail: { key: 'sonde.scheduler.pool.in_flight', unit: '{operation}', description: 'Operations in flight now.' },
  },
};

const SPANS = {
  blockedLoop: {
    name: 'event loop blocked',
    kind: 'internal',
    description: 'The turn that a request of this trace held for too long, as a child of the span active in it.',
    attributes: [
      'code.function.name',
      'code.file.path',
      'code.line.number',
      'code.column.number',
      'code.stacktrace',
      'http.route',
    ],
  },
} as const;

const ATTRIBUTES = {
  role: {
    name: 'sonde.thread.role',
    type: 'string',
    description:
      'What a thread is for: `main`, `worker` (worker_threads), `libuv` (the pool), `v8` (compiler and GC threads), `inspector`, `sonde` (the watcher of the blocked-loop report) or `other`.',
    example: 'libuv',
  },
  state: {
    name: 'nodejs.eventloop.state',
    type: 'string',
    description: '`active` or `idle`.',
    example: 'active',
  },
  gcType: {
    name: 'v8js.gc.type',
    type: 'string',
    description: '`minor`, `major`, `incremental` or `weakcb`.',
    example: 'major',
  },
  switchType: {
    name: 'process.context_switch.type',
    type: 'string',
    description: '`voluntary` (the thread had to wait) or `involuntary` (its CPU was taken away).',
    example: 'involuntary',
  },
  resource: {
    name: 'sonde.pressure.resource',
    type: 'string',
    description: '`cpu`, `io` or `memory`.',
    example: 'cpu',
  },
  stalled: {
    name: 'sonde.pressure.stalled',
    type: 'string',
    description: '`some`: at least one task was stalled; `full`: all tasks that were not idle.',
    example: 'some',
  },
  source: {
    name: 'sonde.pressure.source',
    type: 'string',
    description: 'Whose tasks: `system` (the machine) or `cgroup` (the control group of this process).',
    example: 'system',
  },
  operation: {
    name: 'sonde.pool.operation',
    type: 'string',
    description: 'Function of `node:crypto` or kind of `node:zlib` stream.',
    example: 'pbkdf2',
  },
  route: { name: 'http.route', type: 'string', description: 'Route of the request.', example: '/users/:id' },
  function: {
    name: 'code.function.name',
    type: 'string',
    description: 'Function that was seen running.',
    example: 'hashPassword',
  },
  file: {
    name: 'code.file.path',
    type: 'string',
    description: 'URL or path of its source file.',
    example: 'file:///srv/app/users.js',
  },
  line: { name: 'code.line.number', type: 'int', description: 'Line at which it was, from 1.', example: 42 },
  column: { name: 'code.column.number', type: 'int', description: 'Column at which it was, from 1.', example: 7 },
  stack: {
    name: 'code.stacktrace',
    type: 'string',
    description: 'Stack at that moment.',
    example: 'at hashPassword (file:///srv/app/users.js:42:7)',
  },
} as const;

/** Everything this package emits. */
export const TELEMETRY: Telemetry<typeof METRICS, typeof EVENTS, typeof SPANS, typeof ATTRIBUTES> = defineTelemetry({
  scope: '@sonde/instrumentation-scheduler',
  version,
  metrics: METRICS,
  events: EVENTS,
  spans: SPANS,
  attributes: ATTRIBUTES,
});
