import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { type FleetCounts, FleetError, type FleetStore } from './types.ts';

/** A client of `ioredis`, structurally. */
export interface IoredisClient {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client of `redis` (node-redis 4 and 5), structurally. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  sendCommand(args: string[]): Promise<unknown>;
}

export type RedisClient = IoredisClient | NodeRedisClient;

export interface RedisFleetConfig {
  /** Members of one fleet have the same; 1 to 100 characters. */
  readonly group: string;
}

const WHOLE = /^\d{1,15}$/;
const MAX_FIELDS = 20_000;
// The application's own Redis instrumentation must not make traces of this.
const SUPPRESSED = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);

interface Connection {
  readonly isReady: () => boolean;
  readonly send: (args: string[]) => Promise<unknown>;
}

function connectionOf(client: RedisClient): Connection {
  const { status, call, isReady, sendCommand } = (client ?? {}) as Partial<IoredisClient & NodeRedisClient>;
  if (typeof call === 'function' && typeof status === 'string') {
    const { call: command } = client as IoredisClient;
    return {
      isReady: () => (client as IoredisClient).status === 'ready',
      send: ([name, ...args]) => command.call(client, name as string, ...args),
    };
  }
  if (typeof sendCommand === 'function' && typeof isReady === 'boolean') {
    const other = client as NodeRedisClient;
    return { isReady: () => other.isReady, send: (args) => other.sendCommand(args) };
  }
  throw new TypeError(
    'redisFleetStore: client must be one of ioredis, or one of redis 4 or 5 that is no cluster client',
  );
}

function entriesOf(answer: unknown): [unknown, unknown][] {
  if (answer instanceof Map) return [...answer];
  if (Array.isArray(answer)) {
    if (answer.length % 2 !== 0) throw new FleetError('garbage', 'Redis answered half a hash');
    return Array.from({ length: answer.length / 2 }, (_, i) => [answer[2 * i], answer[2 * i + 1]]);
  }
  if (typeof answer === 'object' && answer !== null) return Object.entries(answer);
  throw new FleetError('garbage', 'Redis answered no hash');
}

function countsIn(answer: unknown): FleetCounts {
  const entries = entriesOf(answer);
  if (entries.length > MAX_FIELDS) throw new FleetError('garbage', 'Redis answered too much');
  return new Map(
    entries.map(([field, value]) => {
      if (!WHOLE.test(String(value))) throw new FleetError('garbage', 'Redis answered what is no count');
      return [String(field), Number(value)];
    }),
  );
}

/**
 * Lets processes on many hosts share a budget through a Redis server. The client stays the application's: it is not opened,
 * closed or listened to here, and asked nothing while it is not connected.
 * @throws TypeError for a client or a group that does not fit
 */
export function redisFleetStore(client: RedisClient, { group }: RedisFleetConfig): FleetStore {
  const { isReady, send } = connectionOf(client);
  if (typeof group !== 'string' || group === '' || group.length > 100) {
    throw new TypeError(`redisFleetStore: group must be a text of 1 to 100 characters, got ${String(group)}`);
  }
  const keyOf = (bucket: number): string => `sonde:${group}:${bucket}`;
  const all = (commands: string[][]): Promise<unknown[]> => {
    if (!isReady()) return Promise.reject(new Error('the Redis client is not connected'));
    return context.with(SUPPRESSED, () => Promise.all(commands.map((args) => send(args))));
  };
  return {
    add: async (bucket, counts, keepMs): Promise<void> => {
      const key = keyOf(bucket);
      const added = Array.from(counts, ([field, count]) => ['HINCRBY', key, field, String(count)]);
      await all([...added, ['PEXPIRE', key, String(Math.ceil(keepMs))]]);
    },
    read: async (bucket): Promise<FleetCounts> => countsIn((await all([['HGETALL', keyOf(bucket)]]))[0]),
  };
}
