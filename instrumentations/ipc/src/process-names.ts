import { type EventDefinition, Severity } from '@sonde/event-stream';
import type { AttributeDefinition, MetricOf, SpanDefinition } from '@sonde/instrumentation-kit';

/** Attributes of child processes, pipes and unix sockets, for the code that fills them. */
export const PROCESS_ATTRIBUTE = {
  executable: 'process.executable.name',
  pid: 'process.pid',
  exitCode: 'process.exit.code',
  exitSignal: 'sonde.ipc.child.signal',
  transport: 'network.transport',
  role: 'sonde.ipc.connection.role',
} as const;

const ERROR = 'error.type';
const DIRECTION = 'network.io.direction';
const EXECUTABLE: readonly string[] = [PROCESS_ATTRIBUTE.executable];
const CONNECTION: readonly string[] = [PROCESS_ATTRIBUTE.transport, PROCESS_ATTRIBUTE.role];
/** From a child that only prints its version to one that serves all day. */
const LIFE_SECONDS: readonly number[] = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 86_400,
];
const CONNECTION_SECONDS: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 86_400];

/** Metrics of child processes, pipes and unix sockets. */
export const PROCESS_METRICS: {
  readonly queueSize: MetricOf<'updowncounter'>;
  readonly childStarted: MetricOf<'counter'>;
  readonly childRunning: MetricOf<'updowncounter'>;
  readonly childExited: MetricOf<'counter'>;
  readonly childDuration: MetricOf<'histogram'>;
  readonly connections: MetricOf<'counter'>;
  readonly connectionsOpen: MetricOf<'updowncounter'>;
  readonly connectionDuration: MetricOf<'histogram'>;
  readonly connectionIo: MetricOf<'counter'>;
} = {
  queueSize: {
    name: 'sonde.ipc.queue.size',
    unit: 'By',
    instrument: 'updowncounter',
    description: 'Bytes of messages to other processes that the pipe has not taken yet.',
    attributes: ['messaging.system', 'messaging.destination.name'],
    observed: true,
  },
  childStarted: {
    name: 'sonde.ipc.child.started',
    unit: '{process}',
    instrument: 'counter',
    description: 'Child processes started; those that could not be started have an `error.type`.',
    attributes: [...EXECUTABLE, ERROR],
  },
  childRunning: {
    name: 'sonde.ipc.child.running',
    unit: '{process}',
    instrument: 'updowncounter',
    description: 'Child processes that run, but for those that are waited for synchronously.',
    attributes: EXECUTABLE,
  },
  childExited: {
    name: 'sonde.ipc.child.exited',
    unit: '{process}',
    instrument: 'counter',
    description: 'Child processes that ended, by exit code or signal.',
    attributes: [...EXECUTABLE, PROCESS_ATTRIBUTE.exitCode, PROCESS_ATTRIBUTE.exitSignal],
  },
  childDuration: {
    name: 'sonde.ipc.child.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'Time from the start of a child process to its exit.',
    attributes: EXECUTABLE,
    bucketBoundaries: LIFE_SECONDS,
  },
  connections: {
    name: 'sonde.ipc.connections',
    unit: '{connection}',
    instrument: 'counter',
    description:
      'Unix sockets, named pipes and stdio pipes of children that were connected; those that failed have an `error.type`.',
    attributes: [...CONNECTION, ERROR],
  },
  connectionsOpen: {
    name: 'sonde.ipc.connections.open',
    unit: '{connection}',
    instrument: 'updowncounter',
    description: 'Unix sockets, named pipes and stdio pipes of children that are open.',
    attributes: CONNECTION,
  },
  connectionDuration: {
    name: 'sonde.ipc.connection.duration',
    unit: 's',
    instrument: 'histogram',
    description: 'Time from connection to close.',
    attributes: CONNECTION,
    bucketBoundaries: CONNECTION_SECONDS,
  },
  connectionIo: {
    name: 'sonde.ipc.connection.io',
    unit: 'By',
    instrument: 'counter',
    description: 'Bytes that went through unix sockets, named pipes and stdio pipes of children.',
    attributes: [...CONNECTION, DIRECTION],
  },
};

const COUNT = { key: 'sonde.ipc.count', unit: '{process}', description: 'How many this event stands for.' };
const LABELS = [{ key: PROCESS_ATTRIBUTE.executable, description: 'Base name of the executable.' }];

/** Events of child processes. */
export const PROCESS_EVENTS: Readonly<Record<'childNotStarted' | 'childFailed', EventDefinition>> = {
  childNotStarted: {
    name: 'sonde.ipc.child_not_started',
    category: 'ipc',
    severity: Severity.WARN,
    description:
      'Child processes could not be started: the first, then one a minute for those alike (executable, error).',
    value: COUNT,
    labels: LABELS,
    text: { key: ERROR, description: 'Code of the error.' },
  },
  childFailed: {
    name: 'sonde.ipc.child_failed',
    category: 'ipc',
    severity: Severity.WARN,
    description:
      'Child processes ended with an exit code other than 0 or by a signal that this process did not send: the first, then one a minute for those alike.',
    value: COUNT,
    labels: LABELS,
    text: { key: ERROR, description: 'Exit code, or name of the signal.' },
  },
};

/** Spans of child processes. */
export const PROCESS_SPANS: Readonly<Record<'spawn', SpanDefinition>> = {
  spawn: {
    name: 'spawn {process.executable.name}',
    kind: 'client',
    description:
      'A child process that was started from within a span that is recorded, to its exit. Its arguments are never told.',
    attributes: [
      PROCESS_ATTRIBUTE.executable,
      PROCESS_ATTRIBUTE.pid,
      PROCESS_ATTRIBUTE.exitCode,
      PROCESS_ATTRIBUTE.exitSignal,
      ERROR,
    ],
  },
};

/** Attributes of the above that are not those of messages. */
export const PROCESS_ATTRIBUTES: Readonly<Record<keyof typeof PROCESS_ATTRIBUTE, AttributeDefinition>> = {
  executable: {
    name: PROCESS_ATTRIBUTE.executable,
    type: 'string',
    description: 'Base name of the executable of a child; `other` after 100 different ones.',
    example: 'node',
  },
  pid: { name: PROCESS_ATTRIBUTE.pid, type: 'int', description: 'Process id of the child.', example: 4711 },
  exitCode: { name: PROCESS_ATTRIBUTE.exitCode, type: 'int', description: 'Its exit code.', example: 0 },
  exitSignal: {
    name: PROCESS_ATTRIBUTE.exitSignal,
    type: 'string',
    description: 'The signal that ended it.',
    example: 'SIGKILL',
  },
  transport: {
    name: PROCESS_ATTRIBUTE.transport,
    type: 'string',
    description: '`unix` for unix sockets, `pipe` for named pipes and the stdio pipes of children.',
    example: 'unix',
  },
  role: {
    name: PROCESS_ATTRIBUTE.role,
    type: 'string',
    description: '`client` (connected here), `server` (accepted here) or `stdio` (of a child).',
    example: 'server',
  },
};
