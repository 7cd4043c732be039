import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(__dirname, '..', 'fixtures', 'http-peer.ts');
const AHEAD_MS = 30_000;

interface ToldSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly hlc: string;
}

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Starts a peer; each call of what is returned gives the next thing that it says. */
function start(...args: string[]): () => Promise<unknown> {
  const child = spawn(process.execPath, ['--conditions=@sonde/source', PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
  });
  running.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${args[0]} ended without saying anything`);
    return JSON.parse(value);
  };
}

async function exchange(serverSkewMs: number, clientSkewMs: number) {
  const server = start('server', String(serverSkewMs));
  const port = await server();
  const client = start('client', String(clientSkewMs), `http://127.0.0.1:${port}/`);
  const told = (await client()) as { before: number; after: number; header?: string; spans: ToldSpan[] };
  const seen = (await server()) as { tracestate?: string; spans: ToldSpan[]; physicalMs: number };
  return { client: told, server: seen };
}

test('a response brings the clock of a server that is ahead, and nothing of it is in a span context', async () => {
  const { client, server } = await exchange(AHEAD_MS, 0);
  expect(server.tracestate).toMatch(/^sonde=[0-9a-f]{16};[0-9a-f]{8}$/);
  expect(client.header).toMatch(/^[0-9a-f]{16}$/);
  expect(client.after - client.before).toBeGreaterThan(AHEAD_MS / 2);
  const [asked, answered] = [client.spans[0], server.spans[0]];
  expect(answered).toMatchObject({ traceId: asked?.traceId, parentSpanId: asked?.spanId });
  expect([asked?.traceState ?? '', answered?.traceState ?? '']).toEqual(['', '']);
  expect(String(client.header) > String(answered?.hlc)).toBe(true);
}, 30_000);

test('a request brings the clock of a client that is ahead', async () => {
  const { client, server } = await exchange(0, AHEAD_MS);
  const [asked, answered] = [client.spans[0], server.spans[0]];
  expect(String(answered?.hlc) > String(server.tracestate?.slice('sonde='.length, 'sonde='.length + 16))).toBe(true);
  expect(String(answered?.hlc) > String(asked?.hlc)).toBe(true);
  expect(String(client.header) > String(answered?.hlc)).toBe(true);
}, 30_000);
