import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { limited } from '../../src/fleet/time-limit.ts';
import { type FleetCounts, type RedisClient, redisFleetStore } from '../../src/index.ts';
import { hasRedisServer, RedisServer } from './redis-server.ts';

const COUNTS: FleetCounts = new Map([
  ['n', 1],
  ['kabcdefghijkl', 1500],
]);
const describeRedis = hasRedisServer() ? describe : describe.skip;
const server = new RedisServer();

interface Opened {
  readonly client: RedisClient;
  close(): void;
}

function openIoredis(): Opened {
  const client = new Redis({ host: '127.0.0.1', port: server.port, retryStrategy: () => 50 });
  client.on('error', () => {});
  return { client, close: () => client.disconnect() };
}

function openNodeRedis(): Opened {
  const client = createClient({ socket: { host: '127.0.0.1', port: server.port, reconnectStrategy: () => 50 } });
  client.on('error', () => {});
  client.connect().catch(() => {});
  return { client: client as unknown as RedisClient, close: () => client.destroy() };
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return limited(promise, ms, (wait, callback) => {
    const timer = setTimeout(callback, wait);
    return () => clearTimeout(timer);
  });
}

/** Tries again until it works, for ten seconds. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i += 1) {
    try {
      return await within(work(), 500);
    } catch (error) {
      if (i === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function command(client: RedisClient, ...args: string[]): Promise<unknown> {
  const [name = '', ...rest] = args;
  return 'call' in client ? client.call(name, ...rest) : client.sendCommand(args);
}

describeRedis.each([
  ['ioredis', openIoredis],
  ['redis', openNodeRedis],
])('a store over a client of %s', (name, open) => {
  let opened: Opened;
  beforeAll(async () => {
    await server.start();
    opened = open();
    await eventually(() => command(opened.client, 'PING'));
  });
  afterAll(async () => {
    opened.close();
    await server.kill();
  });

  test('adds up, and lets buckets expire', async () => {
    const group = `${name}-${Date.now()}`;
    const store = redisFleetStore(opened.client, { group });
    expect(await store.read(1)).toEqual(new Map());
    await store.add(1, COUNTS, 15_000);
    await store.add(1, COUNTS, 15_000);
    expect(await store.read(1)).toEqual(new Map([...COUNTS].map(([field, n]) => [field, 2 * n])));
    expect([14, 15]).toContain(await command(opened.client, 'TTL', `sonde:${group}:1`));
  });

  test('refuses garbage in the hash, and a key of another kind', async () => {
    const store = redisFleetStore(opened.client, { group: `${name}-garbage` });
    const garbage = ['abc', '-5', '1.5', '1e9', '', '99999999999999999999', 'NaN'];
    for (const [bucket, value] of garbage.entries()) {
      await command(opened.client, 'HSET', `sonde:${name}-garbage:${bucket}`, 'n', value);
      await expect(store.read(bucket)).rejects.toMatchObject({ reason: 'garbage' });
    }
    await command(opened.client, 'HSET', `sonde:${name}-garbage:50`, 'n', 'abc');
    await expect(store.add(50, COUNTS, 15_000)).rejects.toThrow();
    await command(opened.client, 'SET', `sonde:${name}-garbage:51`, 'text');
    await expect(store.add(51, COUNTS, 15_000)).rejects.toThrow('WRONGTYPE');
    await expect(store.read(51)).rejects.toThrow('WRONGTYPE');
  });

  test('works again after a server that stood still', async () => {
    const store = redisFleetStore(opened.client, { group: name });
    server.signal('SIGSTOP');
    const asked = store.read(3);
    await expect(within(asked, 200)).rejects.toMatchObject({ reason: 'timeout' });
    server.signal('SIGCONT');
    expect(await within(asked, 5000)).toEqual(new Map());
  });

  test('rejects at once while the server is gone, queues nothing, and works again', async () => {
    const store = redisFleetStore(opened.client, { group: name });
    await store.add(4, COUNTS, 15_000);
    await server.kill();
    await hasNoticed(opened.client);
    await expect(within(store.add(4, COUNTS, 15_000), 5000)).rejects.toThrow('not connected');
    await server.start();
    expect(await eventually(() => store.read(4))).toEqual(new Map());
  });
});

/** The client knows that the server is gone. A command before that would be sent again when it is back. */
async function hasNoticed(client: RedisClient): Promise<void> {
  const isReady = (): boolean => ('status' in client ? client.status === 'ready' : client.isReady);
  while (isReady()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test.each([[undefined], [null], [{}], [{ sendCommand: () => {} }], [{ call: () => {} }]])(
  'a client that is %p is refused with a sentence',
  (client) => {
    expect(() => redisFleetStore(client as never, { group: 'a' })).toThrow('redisFleetStore: client must be');
  },
);

test.each([
  [{ group: '' }, 'group must be a text'],
  [{ group: 5 }, 'group must be a text'],
])('options %p are refused', (options, message) => {
  const client = { status: 'ready', call: async () => [] };
  expect(() => redisFleetStore(client, options as never)).toThrow(message);
});

test.each([[[1]], ['text'], [7], [null], [['a', 'b']]])('an answer %p is garbage', async (answer) => {
  const client = { status: 'ready', call: async () => answer };
  await expect(redisFleetStore(client, { group: 'a' }).read(1)).rejects.toMatchObject({ reason: 'garbage' });
});
