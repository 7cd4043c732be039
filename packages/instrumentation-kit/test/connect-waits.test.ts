import { ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { type ConnectEntry, ConnectMatcher, type PendingConnect } from '../src/connect-waits.ts';
import { runs } from './seed.ts';

type FakeSocket = { -readonly [Key in keyof PendingConnect['socket']]: PendingConnect['socket'][Key] };

function createWorld() {
  const noted: [name: unknown, startMs: number, endMs: number][] = [];
  const NAME = Symbol('name');
  const matcher = new ConnectMatcher((startMs, endMs, active) => noted.push([active.getValue(NAME), startMs, endMs]));
  const begin = (name: string, startMs: number): FakeSocket => {
    const socket: FakeSocket = { connecting: true, destroyed: false, remoteAddress: undefined, remotePort: undefined };
    matcher.begin({ socket: socket as PendingConnect['socket'], active: ROOT_CONTEXT.setValue(NAME, name), startMs });
    return socket;
  };
  return { matcher, noted, begin };
}

function reach(socket: FakeSocket, host: string, port: number): void {
  socket.connecting = false;
  socket.remoteAddress = host;
  socket.remotePort = port;
}

function entry(startTime: number, endMs: number, host = '10.0.0.1', port = 80): ConnectEntry {
  return { startTime, duration: endMs - startTime, detail: { host, port } };
}

test('a connect lasts from the wish to the connection, whichever attempt succeeded', () => {
  const { matcher, noted, begin } = createWorld();
  const socket = begin('a', 100);
  reach(socket, '10.0.0.2', 443);
  // The entry is that of the second address; it tells nothing of the first, nor of the name look-up.
  matcher.connected([entry(399, 400, '10.0.0.2', 443)], 401);
  expect(noted).toEqual([['a', 100, 400]]);
  expect(matcher.pending).toBe(0);
});

test('of sockets to one address, those that have got there get the entries, the first one first', () => {
  const { matcher, noted, begin } = createWorld();
  const [first, second, third] = [begin('first', 1), begin('second', 2), begin('third', 3)];
  reach(second, '10.0.0.1', 80);
  reach(third, '10.0.0.1', 80);
  matcher.connected([entry(3, 52), entry(2, 51)], 52);
  reach(first, '10.0.0.1', 80);
  matcher.connected([entry(1, 90)], 91);
  expect(noted).toEqual([
    ['second', 2, 51],
    ['third', 3, 52],
    ['first', 1, 90],
  ]);
});

test('entries of others, and entries that make no sense, are nobody’s', () => {
  const { matcher, noted, begin } = createWorld();
  const socket = begin('a', 100);
  reach(socket, '10.0.0.1', 80);
  matcher.connected([entry(10, 20), entry(100, 200, '10.0.0.9'), entry(100, 200, '10.0.0.1', 81)], 200);
  matcher.connected([{ startTime: 100, duration: 100, detail: undefined }], 200);
  matcher.connected([{ startTime: 100, duration: 100, detail: 'x' }], 200);
  expect(noted).toEqual([]);
  expect(matcher.pending).toBe(1);
});

test('sockets that failed, or that connected without an entry, are forgotten', () => {
  const { matcher, noted, begin } = createWorld();
  begin('failed', 0).destroyed = true;
  begin('unix', 0).connecting = false;
  begin('under way', 0);
  matcher.connected([], 500);
  expect(matcher.pending).toBe(2);
  matcher.connected([], 1_500);
  expect([matcher.pending, noted]).toEqual([1, []]);
});

test('a flood of sockets is not followed beyond 1,024, and makes room when it is over', () => {
  const { matcher, begin } = createWorld();
  const sockets = Array.from({ length: 3_000 }, (_, index) => begin(`s${index}`, 0));
  expect(matcher.pending).toBe(1_024);
  for (const socket of sockets) socket.destroyed = true;
  begin('later', 10_000);
  expect(matcher.pending).toBe(1);
});

test('sockets to different addresses are never taken for each other', () => {
  const connect = fc.record({ startMs: fc.nat({ max: 1000 }), lengthMs: fc.integer({ min: 1, max: 1000 }) });
  fc.assert(
    fc.property(fc.array(connect, { maxLength: 50 }), fc.infiniteStream(fc.nat()), (connects, random) => {
      const { matcher, noted, begin } = createWorld();
      const entries = connects.map(({ startMs, lengthMs }, index) => {
        reach(begin(String(index), startMs), '10.0.0.1', index);
        return entry(startMs + lengthMs / 2, startMs + lengthMs, '10.0.0.1', index);
      });
      const shuffled = entries.map((one) => ({ one, key: random.next().value })).sort((a, b) => a.key - b.key);
      matcher.connected(
        shuffled.map(({ one }) => one),
        2_000,
      );
      const expected = connects.map(({ startMs, lengthMs }, index) => [String(index), startMs, startMs + lengthMs]);
      expect(noted.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual(expected);
    }),
    runs(100),
  );
});
