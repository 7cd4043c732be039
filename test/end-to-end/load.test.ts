import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataFolders, type DataFolders, PRODUCTS } from '../../examples/quickstart/src/data.ts';
import { createBaskets } from '../../examples/quickstart/src/load/baskets.ts';
import type { Client } from '../../examples/quickstart/src/load/client.ts';
import { damageFiles } from '../../examples/quickstart/src/load/damaged-files.ts';
import { createInjector } from '../../examples/quickstart/src/load/injector.ts';
import { STORM_ROUTES } from '../../examples/quickstart/src/load/lasting-faults.ts';
import type { LoadMessage } from '../../examples/quickstart/src/load/protocol.ts';
import { nextRequest, popularityOf } from '../../examples/quickstart/src/load/requests.ts';
import { makeFifos, slowFile } from '../../examples/quickstart/src/load/slow-file.ts';
import { createTally } from '../../examples/quickstart/src/load/tally.ts';
import { createRandom } from '../../examples/quickstart/src/random.ts';
import { createKeptSessions } from '../../examples/quickstart/src/service/kept-sessions.ts';

const SEED = 7;

let folders: DataFolders;

beforeAll(() => {
  folders = createDataFolders(SEED);
});
afterAll(() => folders.remove());

/** The content of every file, by name. */
function snapshot(folder: string): Map<string, string> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

describe('damaged files', () => {
  test.each(STORM_ROUTES.flatMap((route) => [0.25, 0.9].map((share) => [route, share] as const)))(
    'of %s are asked for by about %d of its visitors, and whole again after the repair',
    (route, share) => {
      const folder = join(folders.data, route.split('/')[1] ?? '');
      const before = snapshot(folder);
      const damaged = damageFiles(createRandom(SEED), route, share, folders.data);
      const during = snapshot(folder);
      const harmed = [...before].filter(([name, content]) => during.get(name) !== content).map(([name]) => name);
      const popularity = harmed.reduce((sum, name) => sum + popularityOf(route, name), 0);
      expect(popularity).toBeCloseTo(damaged.share);
      expect(damaged.share).toBeGreaterThanOrEqual(share);
      expect(damaged.share).toBeLessThan(share + 0.25);
      damaged.repair();
      damaged.repair();
      expect(snapshot(folder)).toEqual(before);
    },
  );

  test('leave alone what no visitor asks for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonde-load-test-'));
    mkdirSync(join(folder, 'journal'));
    writeFileSync(join(folder, 'journal', 'slow-1.log'), 'x');
    expect(damageFiles(createRandom(SEED), '/journal/:day', 0.9, folder).share).toBe(0);
    expect(readdirSync(join(folder, 'journal'))).toEqual(['slow-1.log']);
    rmSync(folder, { recursive: true });
  });
});

test('the popularity of a product is the part of the visitors who ask for it', () => {
  const random = createRandom(SEED);
  const asked = new Map<string, number>();
  let all = 0;
  for (let i = 0; i < 60_000; i++) {
    const { route, path } = nextRequest(random);
    if (route !== '/products/:id') continue;
    all++;
    asked.set(path, (asked.get(path) ?? 0) + 1);
  }
  for (const product of [1, 2, 40, PRODUCTS])
    expect((asked.get(`/products/p${product}`) ?? 0) / all).toBeCloseTo(
      popularityOf('/products/:id', `p${product}.json`),
      2,
    );
  const whole = Array.from({ length: PRODUCTS + 3 }, (_, i) => popularityOf('/products/:id', `p${i + 1}.json`));
  expect(whole.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1);
});

describe('slow files', () => {
  const never = new AbortController().signal;
  const pathOf = async (name: string): Promise<string> => {
    const path = join(folders.data, name);
    await makeFifos([path]);
    return path;
  };

  test.each(['late writer', 'late data'] as const)(
    'give a reader that waits the content once, by a %s',
    async (slowness) => {
      const path = await pathOf(`waiting-${slowness.replace(' ', '-')}`);
      const file = slowFile({ path, content: 'content', slowness });
      const [content] = await Promise.all([readFile(path, 'utf8'), file.serve(50, never)]);
      expect(content).toBe('content');
      file.remove();
    },
  );

  test('give a reader that comes late the content as well', async () => {
    const path = await pathOf('late-reader');
    const file = slowFile({ path, content: 'content', slowness: 'late writer' });
    let isServed = false;
    const served = file.serve(0, never).then(() => {
      isServed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(isServed).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('content');
    await served;
    file.remove();
  });

  test('stop to wait for a reader when it is over', async () => {
    const path = await pathOf('no-reader');
    const over = new AbortController();
    const served = slowFile({ path, content: 'content', slowness: 'late writer' }).serve(0, over.signal);
    over.abort();
    await expect(served).resolves.toBeUndefined();
  });

  test('survive a reader that goes away before its content comes', async () => {
    const path = await pathOf('gone');
    const file = slowFile({ path, content: 'content', slowness: 'late data' });
    const served = file.serve(100, never);
    await (await open(path, 'r')).close();
    await expect(served).resolves.toBeUndefined();
    file.remove();
  });

  test('let a waiting reader go when the load ends early', async () => {
    const path = await pathOf('released');
    const file = slowFile({ path, content: 'content', slowness: 'late writer' });
    const reading = readFile(path, 'utf8');
    const timer = setInterval(() => file.release(), 20);
    await expect(reading).resolves.toContain('content');
    clearInterval(timer);
    file.remove();
  });
});

describe('the leak', () => {
  const session = { method: 'POST', route: '/sessions', path: '/sessions', body: '{"user":"u"}' } as const;

  test('fills the baskets of sessions, and of nothing else, while it lasts', () => {
    const baskets = createBaskets(10);
    expect(baskets.alter(session)).toBe(session);
    baskets.fill(10 * 620 * 100);
    expect(JSON.parse(baskets.alter(session).body ?? '')).toMatchObject({ user: 'u', basket: { length: 100 } });
    const order = { ...session, route: '/orders' };
    expect(baskets.alter(order)).toBe(order);
    baskets.fill(0);
    expect(baskets.alter(session)).toBe(session);
  });

  test('keeps a request below the largest body, however few sessions there are', () => {
    const baskets = createBaskets(0.001);
    baskets.fill(5 * 2 ** 20);
    expect(baskets.alter(session).body?.length).toBeLessThan(2 ** 20);
  });

  test('is bounded in the service: the oldest session goes first', () => {
    const kept = createKeptSessions(1_000 * 620);
    const basket = Array.from({ length: 400 }, () => ({ product: 'p1', count: 1 }));
    for (const user of ['a', 'b', 'c', 'd']) kept.keep(user, basket);
    expect(kept.users()).toEqual(['c', 'd']);
    kept.dropAll();
    expect(kept.users()).toEqual([]);
  });
});

describe('the injector', () => {
  const session = { method: 'POST', route: '/sessions', path: '/sessions', body: '{}' } as const;
  const atMs = 0;

  /** With a client that reads the files which the service would read. */
  const setUp = () => {
    const sent: { path: string; headers: Readonly<Record<string, string>> | undefined; content: string }[] = [];
    const messages: LoadMessage[] = [];
    const baskets = createBaskets(10);
    const client: Client = {
      send: async ({ method, path }, headers) => {
        const [, folder = '', name = ''] = path.split('/');
        const ending = { products: '.json', journal: '.log', documents: '.txt' }[folder];
        const content = ending === undefined ? '' : await readFile(join(folders.data, folder, name + ending), 'utf8');
        sent.push({ path: `${method} ${path}`, headers, content });
        return { status: 200, durationMs: 1 };
      },
      close: () => undefined,
    };
    const report = (message: LoadMessage): void => {
      messages.push(message);
    };
    const config = { client, tally: createTally(), baskets, dataDir: folders.data, random: createRandom(SEED), report };
    return { injector: createInjector(config), sent, messages, baskets };
  };
  const folderOf = (route: string): string => join(folders.data, route.split('/')[1] ?? '');

  test('lets a storm begin and end, and says so', async () => {
    const { injector, messages } = setUp();
    const route = '/documents/:name';
    const before = snapshot(folderOf(route));
    const over = injector.inject({ kind: 'error-storm', atMs, durationMs: 50, route, share: 0.4 }, 4);
    expect(snapshot(folderOf(route))).not.toEqual(before);
    await over;
    expect(snapshot(folderOf(route))).toEqual(before);
    expect(messages).toEqual([
      expect.objectContaining({ type: 'fault', id: 4, kind: 'error-storm', route, share: expect.closeTo(5 / 12) }),
      { type: 'fault-end', id: 4, endMs: expect.any(Number) },
    ]);
  });

  test.each([
    [false, ['DELETE /sessions']],
    [true, []],
  ])('lets a leak end, for the rest (%s) with what it leaked', async (isForTheRest, requests) => {
    const { injector, sent, baskets } = setUp();
    const leak = {
      kind: 'heap-leak',
      atMs,
      durationMs: 50,
      route: '/sessions',
      bytesPerSecond: 1e6,
      isForTheRest,
    } as const;
    const over = injector.inject(leak, 0);
    expect(baskets.alter(session)).not.toBe(session);
    await over;
    expect(baskets.alter(session)).toBe(session);
    expect(sent.map(({ path }) => path)).toEqual(requests);
  });

  test('lets a slow filesystem serve each of its files once, and removes them', async () => {
    const { injector, sent } = setUp();
    const before = ['products', 'journal', 'documents'].map((folder) => readdirSync(join(folders.data, folder)));
    await injector.inject(
      { kind: 'slow-filesystem', atMs, durationMs: 1_000, filesPerSecond: 9, shortestMs: 5, longestMs: 20 },
      2,
    );
    expect(new Set(sent.map(({ path }) => path)).size).toBe(9);
    for (const { path, content } of sent) {
      if (path.startsWith('GET /products')) expect(JSON.parse(content).title).toBe('a slow product');
      else expect(content.split('took its time')).toHaveLength(21);
    }
    expect(['products', 'journal', 'documents'].map((folder) => readdirSync(join(folders.data, folder)))).toEqual(
      before,
    );
  });

  test('makes one request wait, and another compute', async () => {
    const { injector, sent, messages } = setUp();
    await injector.inject({ kind: 'slow-file', atMs, durationMs: 30, route: '/journal/:day' }, 1);
    const culprit = 'tokenise';
    await injector.inject(
      { kind: 'blocked-loop', atMs, durationMs: 700, route: '/search', phase: 'before', culprit },
      2,
    );
    expect(sent.map(({ path, headers }) => [path, headers])).toEqual([
      ['GET /journal/slow-1', undefined],
      ['GET /search?q=amber+lagoon', { 'x-effort': 'before=700' }],
    ]);
    expect(messages.map(({ type }) => type)).toEqual(['fault', 'fault-end', 'fault', 'fault-end']);
    expect(readdirSync(folderOf('/journal'))).not.toContain('slow-1.log');
  });
});
