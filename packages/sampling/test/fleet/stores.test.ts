import { setEnvironmentData, Worker } from 'node:worker_threads';
import { hotMetrics } from '@sonde/hot-metrics';
import { FleetBudget } from '../../src/fleet/fleet-budget.ts';
import { MemoryStore } from '../../src/fleet/memory-store.ts';
import { AdaptiveSampler, hostFleetStore, shareBudget, TELEMETRY, threadFleetStore } from '../../src/index.ts';
import { demandOf } from './simulated-fleet.ts';

const COUNTS = new Map([
  ['n', 1],
  ['kabcdefghijkl', 2 ** 40],
]);
const KEY = 'sonde.sampling.fleet.1';

beforeEach(() => setEnvironmentData(KEY, undefined as never));

describe('the store of threads', () => {
  test('adds up what several tell, by bucket, and forgets old buckets', async () => {
    const [first, second] = [threadFleetStore(), threadFleetStore()];
    expect(second.memory).toBe(first.memory);
    await first.add(7, COUNTS, 1000);
    await second.add(7, COUNTS, 1000);
    await first.add(8, COUNTS, 1000);
    expect(await second.read(7)).toEqual(new Map([...COUNTS].map(([field, n]) => [field, 2 * n])));
    expect(await second.read(8)).toEqual(COUNTS);
    expect(await second.read(9)).toEqual(new Map());
    await first.add(9, COUNTS, 1000);
    expect((await first.read(7)).get('n')).toBe(1);
  });

  test('gives the place of members that are gone to others, and refuses more than there are places', async () => {
    const { memory } = threadFleetStore();
    for (let i = 0; i < 64; i += 1) await threadFleetStore(memory).add(100, COUNTS, 1000);
    const late = threadFleetStore(memory);
    await expect(late.add(101, COUNTS, 1000)).rejects.toThrow('more than 64 threads');
    await late.add(110, COUNTS, 1000);
    expect(await late.read(110)).toEqual(COUNTS);
  });

  test('a thread that ended amid writing blocks nobody', async () => {
    const store = threadFleetStore();
    await store.add(5, COUNTS, 1000);
    const owners = new Int32Array(store.memory, 0, 64);
    const header = new Int32Array(store.memory, 256 + (4096 + 8), 2);
    expect([owners[0] !== 0, header[0]]).toEqual([true, 2]);
    Atomics.store(header, 0, 3);
    expect(await store.read(5)).toEqual(new Map());
    for (let i = 0; i < 64; i += 1) await threadFleetStore(store.memory).add(15, COUNTS, 1000);
    expect((await store.read(15)).get('n')).toBe(64);
  });

  test('refuses what does not fit, and memory of another kind', async () => {
    const store = threadFleetStore();
    const huge = new Map(Array.from({ length: 500 }, (_, i) => [`k${'x'.repeat(12)}${i}`, 2 ** 40]));
    await expect(store.add(1, huge, 1000)).rejects.toThrow('too much to tell');
    expect(() => threadFleetStore(new SharedArrayBuffer(8))).toThrow('memory must be that of another');
  });

  test('a worker whose main thread shares nothing is told so', async () => {
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData).then(({ threadFleetStore, hostFleetStore }) => {
        const said = [threadFleetStore, hostFleetStore].map((store) => {
          try { store(); return 'none'; } catch (error) { return error.message; }
        });
        parentPort.postMessage(said);
      }, (error) => parentPort.postMessage([String(error)]));`;
    const workerData = `file://${__dirname}/../../src/index.ts`;
    const worker = new Worker(source, {
      eval: true,
      workerData,
      execArgv: ['--conditions=@sonde/source', '--no-warnings'],
    });
    const said = await new Promise<string[]>((resolve) => worker.once('message', resolve));
    expect(said[0]).toContain('the main thread shares nothing');
    expect(said[1]).toContain('use threadFleetStore()');
    await worker.terminate();
  });
});

test('a budget of spans is shared by what traces cost', () => {
  const demand = { ...demandOf({}, 100), unit: 'spans' as const };
  const heavy = { ...demand, keys: [{ name: 'a', rate: 100, cost: 900 }] };
  const light = { ...demand, keys: [{ name: 'b', rate: 100, cost: 100 }] };
  const [one, other] = [new FleetBudget(demand, 1), new FleetBudget(demand, 1)];
  const told = [one.tell(heavy), other.tell(light)];
  const all = new Map<string, number>();
  for (const counts of told) for (const [field, n] of counts) all.set(field, (all.get(field) ?? 0) + n);
  one.heard(all);
  other.heard(all);
  expect(one.lease).toBeCloseTo(90, 0);
  expect(other.lease).toBeCloseTo(10, 0);
});

describe('shareBudget', () => {
  const store = new MemoryStore();
  const good = { store };

  test.each([
    [{ store: {} }, 'store must have add and read'],
    [{ store, intervalMs: 499 }, 'intervalMs must be a number from 500 to 60000, got 499'],
    [{ store, intervalMs: '5' }, 'intervalMs must be a number from 500 to 60000, got 5'],
    [{ store, expectedProcesses: 0 }, 'expectedProcesses must be a number from 1 to 100000, got 0'],
  ])('refuses %p with a sentence', (config, message) => {
    expect(() => shareBudget(new AdaptiveSampler(), config as never)).toThrow(message);
    expect(() => shareBudget(new AdaptiveSampler(), undefined as never)).toThrow('store must have add and read');
    expect(() => shareBudget({} as never, good)).toThrow('sampler must be an AdaptiveSampler');
  });

  test('leases a part at once, tells metrics, and gives the whole budget back at its end', async () => {
    const sampler = new AdaptiveSampler({ tracesPerSecond: 50 });
    const producer = hotMetrics().producer();
    const stop = shareBudget(sampler, good);
    expect(() => shareBudget(sampler, good)).toThrow('shares its budget already');
    expect(sampler.describe().lease).toBeLessThanOrEqual(5);
    const { resourceMetrics } = await producer.collect();
    const names = resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === TELEMETRY.scope)
      .flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
    expect(names).toEqual(
      expect.arrayContaining(['lease', 'size', 'failures', 'age'].map((name) => `sonde.sampling.fleet.${name}`)),
    );
    stop();
    stop();
    expect(sampler.describe().lease).toBeUndefined();
    shareBudget(sampler, good)();
    await producer.close();
  });

  test('a store that throws or returns nonsense reaches nobody', async () => {
    const sampler = new AdaptiveSampler({ tracesPerSecond: 50 });
    const bad = {
      add: () => {
        throw new Error('no');
      },
      read: () => 5,
    };
    const stop = shareBudget(sampler, { store: bad as never });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sampler.describe().lease).toBeLessThanOrEqual(5);
    stop();
  });
});

test('a group of a host is a text', () => {
  expect(() => hostFleetStore(5 as never)).toThrow('group must be a string, got 5');
});
