import { createServer, type Server } from 'node:net';
import { deliver } from '../../src/exit/delivery.ts';
import { isAnyReachable } from '../../src/exit/reachability.ts';
import { LazyExporter } from '../../src/opentelemetry/lazy-exporter.ts';

const never = new Promise<void>(() => {});
/** Long enough that only something else than the time can end the wait. */
const LONG_MS = 60_000;

describe('a delivery', () => {
  let server: Server;
  let open: { host: string; port: number };
  let closed: { host: string; port: number };

  beforeEach(async () => {
    const listen = async (): Promise<Server> => {
      const made = createServer((socket) => socket.unref());
      await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
      return made;
    };
    const endpointOf = (made: Server) => ({ host: '127.0.0.1', port: (made.address() as { port: number }).port });
    server = await listen();
    const gone = await listen();
    open = endpointOf(server);
    closed = endpointOf(gone);
    await new Promise((resolve) => gone.close(resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is over when everything has been handed over', async () => {
    await deliver({ flush: async () => {}, endpoints: [open], timeoutMs: LONG_MS, reachTimeoutMs: LONG_MS });
  });

  it('is over when nobody listens where it should go', async () => {
    await deliver({ flush: () => never, endpoints: [closed], timeoutMs: LONG_MS, reachTimeoutMs: LONG_MS });
  });

  it('is over when the time is up, although somebody listens', async () => {
    await deliver({ flush: () => never, endpoints: [open, closed], timeoutMs: 50, reachTimeoutMs: LONG_MS });
  });

  it('is over when the time is up, where nothing is known of the endpoints', async () => {
    await deliver({ flush: () => never, endpoints: undefined, timeoutMs: 1 });
    await deliver({ flush: () => never, endpoints: [], timeoutMs: 1 });
  });

  it('leaves nobody waiting for exports that it has given up on, and waits for them again the next time', async () => {
    const stuck = new LazyExporter<string>(async () => ({ export: () => {}, shutdown: async () => {} }));
    stuck.export('batch', () => {});
    const flushed = stuck.forceFlush();
    await deliver({ flush: () => flushed, endpoints: [closed], timeoutMs: LONG_MS, reachTimeoutMs: LONG_MS });
    await flushed;
    await stuck.forceFlush();

    let isOver = false;
    const next = deliver({
      flush: () => stuck.forceFlush(),
      endpoints: [open],
      timeoutMs: 50,
      reachTimeoutMs: LONG_MS,
    });
    const waits = stuck.forceFlush().then(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    await Promise.all([next, waits]);
  });

  it('does not reject when the flush does', async () => {
    await deliver({ flush: () => Promise.reject(new Error('no')), endpoints: [open], timeoutMs: LONG_MS });
  });

  it('reaches whoever accepts a connection, and gives up on who never answers', async () => {
    expect(await isAnyReachable([closed, open, open], LONG_MS)).toBe(true);
    expect(await isAnyReachable([closed], LONG_MS)).toBe(false);
    expect(await isAnyReachable([], LONG_MS)).toBe(false);
    // A loop that was busy all the time hears of the connection when it is too late by the clock.
    const answer = isAnyReachable([open], 1);
    const busyUntil = performance.now() + 20;
    while (performance.now() < busyUntil);
    expect(await answer).toBe(true);
    // TEST-NET-1 (RFC 5737): packets go nowhere.
    expect(await isAnyReachable([{ host: '192.0.2.1', port: 4318 }], 20)).toBe(false);
  });
});
