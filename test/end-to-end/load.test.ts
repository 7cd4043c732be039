import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataFolders, type DataFolders, PRODUCTS } from '../../examples/quickstart/src/data.ts';
import { createBaskets } from '../../examples/quickstart/src/load/baskets.ts';
import { damageFiles } from '../../examples/quickstart/src/load/damaged-files.ts';
import { STORM_ROUTES } from '../../examples/quickstart/src/load/lasting-faults.ts';
import { nextRequest, popularityOf } from '../../examples/quickstart/src/load/requests.ts';
import { makeFifos, slowFile } from '../../examples/quickstart/src/load/slow-file.ts';
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
