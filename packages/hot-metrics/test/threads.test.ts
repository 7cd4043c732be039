import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import { createHotMetrics, exemplarsOf, type HotBlockDescriptor, type HotMetrics } from '../src/index.ts';
import { MergedInstrument } from '../src/merged-instrument.ts';
import { resolveInstrument } from '../src/options.ts';
import { captureDiag } from './diag-log.ts';
import { histogram, interval, ManualClock, only, points, valuesBy } from './reading.ts';
import { IS_LONG } from './seed.ts';

const said = captureDiag();

interface Message {
  descriptor?: HotBlockDescriptor;
  recorded?: number;
}

const workers = new Set<Worker>();
afterEach(() => Promise.all([...workers].map((worker) => worker.terminate())));

/** Starts a worker that joins `hot`; resolves when it has recorded. */
async function startWorker(hot: HotMetrics, task: Record<string, unknown>): Promise<Worker> {
  const worker = new Worker(join(__dirname, 'fixtures', 'recording-worker.ts'), {
    workerData: task,
    execArgv: ['--conditions=@sonde/source', '--disable-warning=ExperimentalWarning'],
  });
  const { threadId } = worker;
  workers.add(worker);
  worker.on('exit', () => workers.delete(worker));
  worker.on('exit', () => hot.detach(threadId));
  worker.on('error', () => {});
  await new Promise<void>((resolve) => {
    worker.on('message', (message: Message) => {
      if (message.descriptor !== undefined) hot.attach(message.descriptor);
      if (message.recorded !== undefined) resolve();
    });
  });
  return worker;
}

describe('worker threads', () => {
  test.each(['return', 'exit', 'throw', 'terminate'] as const)(
    'sums do not go back when a worker ends by %s, and its memory is let go',
    async (ending) => {
      const hot = createHotMetrics({ threadId: 0 });
      const [total, delta] = [hot.producer(), hot.producer({ temporality: 'delta' })];
      hot.meter('worker', '1').counter('c').bind({ shared: true }).add(5);
      const worker = await startWorker(hot, { records: 1000, ending: ending === 'terminate' ? 'stay' : ending });
      const exit = worker.threadId > 0 ? new Promise((resolve) => worker.once('exit', resolve)) : undefined;
      if (ending === 'terminate') {
        expect(only(await total.collect(), 'c')).toBe(1005);
        expect(only(await delta.collect(), 'c')).toBe(1005);
        await worker.terminate();
      } else await exit;
      const after = await total.collect();
      expect(only(after, 'c')).toBe(1005);
      expect(histogram(after, 'h')).toMatchObject({
        count: 1000,
        min: 0,
        max: 19,
        buckets: { counts: [100, 450, 450] },
      });
      expect(only(await delta.collect(), 'c')).toBe(ending === 'terminate' ? undefined : 1005);
      expect(hot.statistics()).toMatchObject({ threads: 0, retiredThreads: 1 });
      // The last value of a thread that is gone says nothing about now.
      expect(points(after, 'g')).toEqual([]);
    },
  );

  test('several workers and the main thread add up, and go on adding up as they end', async () => {
    const hot = createHotMetrics({ threadId: 0 });
    const reader = hot.producer();
    hot.meter('worker', '1').counter('c').bind({ shared: true }).add(1);
    const workers = await Promise.all([10, 20, 30].map((records) => startWorker(hot, { records, ending: 'stay' })));
    const alive = await reader.collect();
    expect(only(alive, 'c')).toBe(61);
    expect(Object.keys(valuesBy(alive, 'g', 'thread'))).toHaveLength(3);
    const [point] = points<Histogram>(alive, 'h');
    expect(exemplarsOf(point as object)[0]).toMatchObject({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) });
    await workers[0]?.terminate();
    expect(only(await reader.collect(), 'c')).toBe(61);
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(only(await reader.collect(), 'c')).toBe(61);
    expect(hot.statistics().retiredThreads).toBe(3);
  });

  test('what readers are told while workers record adds up to exactly what was recorded, and never goes back', async () => {
    const hot = createHotMetrics({ threadId: 0 });
    const [total, delta] = [hot.producer(), hot.producer({ temporality: 'delta' })];
    const records = IS_LONG ? 20_000_000 : 1_000_000;
    let isOver = false;
    const started = Promise.all([1, 2].map(() => startWorker(hot, { records, ending: 'exit' }))).then(
      async (workers) => {
        for (const worker of workers)
          if (worker.threadId > 0) await new Promise((resolve) => worker.once('exit', resolve));
        isOver = true;
      },
    );
    const sums = { counter: 0, buckets: 0, last: 0 };
    for (let isLast = false; !isLast; ) {
      isLast = isOver;
      const [all, news] = [await total.collect(), await delta.collect()];
      sums.counter += only(news, 'c') ?? 0;
      sums.buckets += histogram(news, 'h')?.count ?? 0;
      expect(only(all, 'c') ?? 0).toBeGreaterThanOrEqual(sums.last);
      sums.last = only(all, 'c') ?? 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await started;
    expect(sums).toEqual({ counter: 2 * records, buckets: 2 * records, last: 2 * records });
    const value = histogram(await total.collect(), 'h');
    expect(value).toMatchObject({ count: 2 * records, sum: records * 19, min: 0, max: 19 });
  });

  test('sampled values of a worker are refreshed by the collections that ask for them', async () => {
    const hot = createHotMetrics({ threadId: 0 });
    const reader = hot.producer();
    const worker = await startWorker(hot, { records: 1, ending: 'stay', observe: true });
    // On a busy machine an answer may take longer than a collection waits: then the last values are shown once more.
    let collections = 0;
    for (let wanted = 1; wanted <= 3; wanted++) {
      let sample = 0;
      while (sample < wanted && collections < 1000) {
        sample = only(await reader.collect(), 'sampled') ?? 0;
        collections++;
      }
      expect(sample).toBeGreaterThanOrEqual(wanted);
      // Sampled when asked, and only then.
      expect(sample).toBeLessThanOrEqual(collections);
    }
    await worker.terminate();
    // A thread that does not answer holds a collection up only briefly, and a detached one not at all.
    expect(only(await reader.collect(), 'sampled')).toBeUndefined();
  });
});

/** A second thread as the collector sees one: memory and a descriptor. */
function join2(main: HotMetrics, threadId: number, clock = new ManualClock()): HotMetrics {
  const thread = createHotMetrics({ threadId, clock });
  thread.onBlock((descriptor) => main.attach(structuredClone(descriptor)));
  return thread;
}

describe('joining', () => {
  test('a thread may be attached before or after it has series, and again', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    const thread = createHotMetrics({ threadId: 1 });
    expect(thread.descriptor()).toBeUndefined();
    const bound = thread.meter('m').counter('c').bind({ n: 1 });
    bound.add(1);
    const descriptor = thread.descriptor() as HotBlockDescriptor;
    expect([main.attach(descriptor), main.attach(descriptor)]).toEqual([true, true]);
    thread.meter('m').counter('c').bind({ n: 2 }).add(2);
    expect(valuesBy(await reader.collect(), 'c', 'n')).toEqual({ 1: 1, 2: 2 });
    expect(main.statistics().threads).toBe(1);
  });

  test('a thread with several blocks is read whole', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    const thread = join2(main, 1);
    const wide = thread.meter('m').histogram('h', { cardinalityLimit: 5000, exponential: { scale: 5 } });
    for (let i = 0; i < 1100; i++) wide.bind({ i }).record(i);
    expect(thread.descriptor()?.blocks.length).toBe(2);
    expect(points(await reader.collect(), 'h')).toHaveLength(1100);
  });

  test('series of a block that is not announced yet wait for it', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    const thread = createHotMetrics({ threadId: 1 });
    const wide = thread.meter('m').histogram('h', { cardinalityLimit: 5000, exponential: { scale: 5 } });
    wide.bind({ i: 0 }).record(1);
    main.attach(thread.descriptor() as HotBlockDescriptor);
    for (let i = 1; i < 1100; i++) wide.bind({ i }).record(i);
    const before = points(await reader.collect(), 'h').length;
    expect(before).toBeLessThan(1100);
    main.attach(thread.descriptor() as HotBlockDescriptor);
    expect(points(await reader.collect(), 'h')).toHaveLength(1100);
  });

  test('a descriptor that arrives after its thread has ended is counted once', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    const thread = createHotMetrics({ threadId: 1 });
    thread.meter('m').counter('c').bind().add(7);
    const descriptor = thread.descriptor() as HotBlockDescriptor;
    main.detach(1);
    main.attach(descriptor);
    // Nobody will detach it a second time.
    expect(main.statistics()).toMatchObject({ threads: 0, retiredThreads: 1 });
    expect(only(await reader.collect(), 'c')).toBe(7);
    main.attach(descriptor);
    main.detach(1);
    expect(only(await reader.collect(), 'c')).toBe(7);
    expect(main.statistics()).toMatchObject({ threads: 0, retiredThreads: 1 });
  });

  test('threads that ended long ago are forgotten', () => {
    const main = createHotMetrics({ threadId: 0 });
    const thread = createHotMetrics({ threadId: 1 });
    thread.meter('m').counter('c').bind();
    for (let id = 1; id <= 4097; id++) main.detach(id);
    main.attach(thread.descriptor() as HotBlockDescriptor);
    expect(main.statistics().threads).toBe(1);
  });

  test('what is no descriptor of another thread is refused and said once', () => {
    const main = createHotMetrics({ threadId: 0 });
    main.meter('m').counter('c').bind();
    const own = main.descriptor() as HotBlockDescriptor;
    const bad = [null, undefined, 5, {}, own, { ...own, threadId: 'x' }, { ...own, threadId: 1, version: 2 }];
    bad.push(
      { ...own, threadId: 1, dictionary: new ArrayBuffer(64) },
      { ...own, threadId: 1, blocks: [new Uint8Array(8)] },
    );
    bad.push({ ...own, threadId: 1, dictionary: new SharedArrayBuffer(63) });
    bad.push({ ...own, threadId: 1, blocks: [new SharedArrayBuffer(63)] });
    for (const descriptor of bad) expect(main.attach(descriptor as HotBlockDescriptor)).toBe(false);
    main.detach(0);
    main.detach(99);
    main.detach('x' as unknown as number);
    expect(said.warnings).toEqual(['hot-metrics: a block descriptor of another thread was expected: ignored']);
  });

  test('shared memory that holds nonsense costs that thread, said once, and nobody else', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    main.meter('m').counter('c').bind().add(1);
    const dictionary = new SharedArrayBuffer(1024);
    new Int32Array(dictionary)[0] = 900;
    new Uint8Array(dictionary).fill(0x41, 64);
    main.attach({ version: 1, threadId: 1, dictionary, blocks: [new SharedArrayBuffer(1024)] });
    expect(only(await reader.collect(), 'c')).toBe(1);
    await reader.collect();
    main.detach(1);
    expect(said.warnings).toHaveLength(1);
    expect(said.warnings[0]).toMatch(/^hot-metrics: the series of thread 1 cannot be read: .*: new ones are left out$/);
  });

  test('a listener that throws does not reach the code that binds', () => {
    const thread = createHotMetrics({ threadId: 1 });
    thread.onBlock(() => {
      throw new Error('port closed');
    });
    expect(() => thread.meter('m').counter('c').bind().add(1)).not.toThrow();
  });

  test('a listener is told what is there, and nothing after it was removed', () => {
    const thread = createHotMetrics({ threadId: 1 });
    const wide = thread.meter('m').histogram('h', { cardinalityLimit: 5000, exponential: { scale: 5 } });
    wide.bind({ i: -1 });
    const told: number[] = [];
    const remove = thread.onBlock(({ blocks }) => told.push(blocks.length));
    for (let i = 0; i < 1100; i++) wide.bind({ i });
    remove();
    for (let i = 1100; i < 2200; i++) wide.bind({ i });
    expect(told).toEqual([1, 2]);
  });
});

describe('merging', () => {
  test('instruments that differ in their buckets stay apart', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    const thread = join2(main, 1);
    main
      .meter('m')
      .histogram('h', { bucketBoundaries: [1] })
      .bind()
      .record(1);
    thread
      .meter('m')
      .histogram('h', { bucketBoundaries: [2] })
      .bind()
      .record(1);
    const found = (await reader.collect()).resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    expect(found.map(({ dataPoints }) => (dataPoints[0] as DataPoint<Histogram>).value.buckets.boundaries)).toEqual([
      [1],
      [2],
    ]);
  });

  test('of one gauge in several threads, the value that was set last is reported', async () => {
    const clock = new ManualClock();
    const main = createHotMetrics({ threadId: 0, clock });
    const reader = main.producer();
    const threads = [main, join2(main, 1, clock), join2(main, 2, clock)];
    const gauges = threads.map((hot) => hot.meter('m').gauge('g').bind());
    for (const [order, expected] of [
      [[0, 1, 2], 2],
      [[2, 0, 1], 1],
      [[1, 2, 0], 0],
    ] as [number[], number][]) {
      for (const i of order) {
        clock.advance(1);
        gauges[i]?.set(i);
      }
      expect(only(await reader.collect(), 'g')).toBe(expected);
    }
    clock.advance(1);
    gauges[2]?.set(2);
    main.detach(2);
    expect(only(await reader.collect(), 'g')).toBe(0);
  });

  test('a gauge slot that is used again never passes for unchanged', async () => {
    const clock = new ManualClock();
    const main = createHotMetrics({ threadId: 0, clock });
    const delta = main.producer({ temporality: 'delta' });
    for (let thread = 1; thread <= 3; thread++) {
      join2(main, thread, clock).meter('m').gauge('g').bind({ thread }).set(thread);
      expect(valuesBy(await delta.collect(), 'g', 'thread')).toEqual({ [thread]: thread });
      main.detach(thread);
    }
    expect(main.statistics().mergedSeries).toBe(0);
  });

  test('thousands of short-lived threads with gauges of their own leave nothing behind', async () => {
    const main = createHotMetrics({ threadId: 0 });
    const reader = main.producer();
    for (let thread = 1; thread <= 5000; thread++) {
      const hot = createHotMetrics({ threadId: thread });
      hot.meter('m').gauge('g').bind({ thread }).set(1);
      hot.meter('m').counter('c').bind().add(1);
      main.attach(hot.descriptor() as HotBlockDescriptor);
      main.detach(thread);
    }
    expect(only(await reader.collect(), 'c')).toBe(5000);
    expect(main.statistics()).toMatchObject({ mergedSeries: 1, threads: 0, retiredThreads: 5000 });
  });

  test('a gauge that is gone makes room for another', () => {
    const definition = resolveInstrument({ scope: 'm', version: undefined, name: 'g', kind: 'gauge' });
    let slots = 0;
    const instrument = new MergedInstrument(definition, () => ({ slot: slots++, ordinal: -1 }));
    for (let i = 0; i < 10; i++) instrument.remove(instrument.find(`[["i",${i}]]`));
    expect([slots, instrument.series.length, instrument.removals]).toEqual([1, 0, 10]);
  });

  test('a series that a later thread brings begins when that thread bound it', async () => {
    const clock = new ManualClock();
    const main = createHotMetrics({ threadId: 0, clock });
    const total = main.producer();
    const delta = main.producer({ temporality: 'delta' });
    const t0 = clock.time;
    main.meter('m').counter('c').bind({ n: 0 }).add(1);
    clock.advance(1000);
    await delta.collect();
    clock.advance(1000);
    const thread = join2(main, 1, clock);
    thread.meter('m').counter('c').bind({ n: 0 }).add(1);
    thread.meter('m').counter('c').bind({ n: 1 }).add(1);
    clock.advance(1000);
    expect(points(await total.collect(), 'c').map(interval)).toEqual([
      [t0, t0 + 3000],
      [t0 + 2000, t0 + 3000],
    ]);
    expect(points(await delta.collect(), 'c').map(interval)).toEqual([
      [t0 + 1000, t0 + 3000],
      [t0 + 2000, t0 + 3000],
    ]);
  });
});
