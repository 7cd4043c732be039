import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { createHotMetrics, type HotMetricProducer, type HotMetrics } from '../src/index.ts';
import { interval, ManualClock, points } from './reading.ts';
import { runs, SEED } from './seed.ts';

/** What may happen, in any order. Values are eighths, so that sums are exact. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('record'), thread: fc.nat(2), series: fc.nat(3), eighths: fc.nat(800) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('collect'), reader: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('addReader'), isDelta: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('endThread'), thread: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat(5000) }) },
) as fc.Arbitrary<Partial<Record<string, number | boolean | string>>>;

const BOUNDARIES = [0.125, 1, 10, 50];

interface SeriesModel {
  values: number[];
}

interface ReaderModel {
  readonly producer: HotMetricProducer;
  readonly isDelta: boolean;
  /** Per series: how many of the model's values it was told already. */
  readonly told: Map<string, number>;
  readonly lastEnd: Map<string, number>;
  hasCollected: boolean;
}

/** Main thread plus two others, as they look to the collector: one block each, joined by their descriptors. */
class World {
  readonly clock = new ManualClock();
  readonly main: HotMetrics = createHotMetrics({ clock: this.clock, threadId: 0 });
  readonly threads: HotMetrics[] = [this.main];
  readonly series = new Map<string, SeriesModel>();
  readonly readers: ReaderModel[] = [];
  #nextThreadId = 1;

  constructor() {
    this.startThread(1);
    this.startThread(2);
    this.addReader(true);
    this.addReader(false);
  }

  startThread(index: number): void {
    const thread = createHotMetrics({ clock: this.clock, threadId: this.#nextThreadId++ });
    thread.onBlock((descriptor) => this.main.attach(structuredClone(descriptor)));
    this.threads[index] = thread;
  }

  endThread(index: number): void {
    const id = this.threads[index]?.descriptor()?.threadId;
    if (id !== undefined) this.main.detach(id);
    this.startThread(index);
  }

  addReader(isDelta: boolean): void {
    const producer = this.main.producer({ temporality: isDelta ? 'delta' : 'cumulative' });
    this.readers.push({ producer, isDelta, told: new Map(), lastEnd: new Map(), hasCollected: false });
  }

  record(thread: number, series: number, value: number): void {
    const meter = (this.threads[thread] as HotMetrics).meter('m');
    meter.histogram('h', { bucketBoundaries: BOUNDARIES }).bind({ series }).record(value);
    meter.counter('c').bind({ series }).add(value);
    meter
      .histogram('e', { exponential: { scale: 1 } })
      .bind({ series })
      .record(value);
    const model = this.series.get(String(series)) ?? { values: [] };
    this.series.set(String(series), model);
    model.values.push(value);
  }

  /** Collects and compares with what the model says this reader must be told. */
  async collect(reader: ReaderModel): Promise<void> {
    const result = await reader.producer.collect();
    expect(result.errors).toEqual([]);
    const histograms = points<Histogram>(result, 'h');
    const sums = new Map(points(result, 'c').map((p) => [String(p.attributes.series), p.value]));
    const counts = points<{ count: number; zeroCount: number; positive: { bucketCounts: number[] } }>(result, 'e');
    for (const [name, { values }] of this.series) {
      const expected = reader.isDelta ? values.slice(reader.told.get(name) ?? 0) : values;
      const point = histograms.find((p) => String(p.attributes.series) === name);
      this.compare(expected, point);
      // A delta of 0 is left out, a total of 0 is not.
      const sum = expected.reduce((a, b) => a + b, 0);
      expect(sums.get(name)).toBe(expected.length === 0 || (reader.isDelta && sum === 0) ? undefined : sum);
      const exponential = counts.find((p) => String(p.attributes.series) === name)?.value;
      const inBuckets = exponential?.positive.bucketCounts.reduce((a, b) => a + b, exponential.zeroCount) ?? 0;
      expect([exponential?.count ?? 0, inBuckets]).toEqual([expected.length, expected.length]);
      if (point !== undefined) this.checkInterval(reader, name, point);
      reader.told.set(name, values.length);
    }
    expect(histograms.length).toBeLessThanOrEqual(this.series.size);
    reader.hasCollected = true;
    this.checkContinuity(reader, this.clock.time);
  }

  compare(expected: number[], point: DataPoint<Histogram> | undefined): void {
    if (expected.length === 0) {
      expect(point).toBeUndefined();
      return;
    }
    const counts = new Array<number>(BOUNDARIES.length + 1).fill(0);
    for (const value of expected) {
      const bucket = BOUNDARIES.findIndex((bound) => value <= bound);
      (counts[bucket < 0 ? BOUNDARIES.length : bucket] as number) += 1;
    }
    expect(point?.value).toEqual({
      buckets: { boundaries: BOUNDARIES, counts },
      count: expected.length,
      sum: expected.reduce((a, b) => a + b, 0),
      min: Math.min(...expected),
      max: Math.max(...expected),
    });
  }

  checkInterval(reader: ReaderModel, name: string, point: DataPoint<unknown>): void {
    const [start, end] = interval(point);
    expect(end).toBe(this.clock.time);
    expect(start).toBeLessThanOrEqual(end);
    const last = reader.lastEnd.get(name);
    if (last !== undefined) expect(start).toBe(last);
    // A cumulative series never moves its start; a delta one begins where the last report ended.
    reader.lastEnd.set(name, reader.isDelta ? end : start);
  }

  /** Also a series without news is reported up to the moment of the collection, if it was ever reported. */
  checkContinuity(reader: ReaderModel, end: number): void {
    if (reader.isDelta) for (const name of reader.lastEnd.keys()) reader.lastEnd.set(name, end);
  }
}

async function perform(world: World, action: Partial<Record<string, number | boolean | string>>): Promise<void> {
  const number = (key: string) => Number(action[key] ?? 0);
  if (action.do === 'record') world.record(number('thread'), number('series'), number('eighths') / 8);
  else if (action.do === 'addReader') world.addReader(action.isDelta === true);
  else if (action.do === 'endThread') world.endThread(number('thread'));
  else if (action.do === 'wait') world.clock.advance(number('ms'));
  else await world.collect(world.readers[number('reader') % world.readers.length] as ReaderModel);
}

test(`whatever is recorded by any thread, in any order, each reader is told exactly once (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const world = new World();
      for (const action of steps) await perform(world, action);
      for (const reader of world.readers) await world.collect(reader);
    }),
    runs(150),
  );
});

test(`the deltas of any two readers add up to the total, fractions included (seed ${SEED})`, async () => {
  const value = fc.double({ min: 0, max: 1e6, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, fc.integer({ min: 0, max: 2 })), { maxLength: 60 }), async (records) => {
      const hot = createHotMetrics();
      const readers = [hot.producer({ temporality: 'delta' }), hot.producer({ temporality: 'delta' })];
      const total = hot.producer();
      const bound = hot.meter('m').histogram('h').bind();
      const sums = [0, 0];
      const counts = [0, 0];
      const collect = async (index: number) => {
        const [point] = points<Histogram>(await (readers[index] as HotMetricProducer).collect(), 'h');
        (sums[index] as number) += point?.value.sum ?? 0;
        (counts[index] as number) += point?.value.count ?? 0;
      };
      for (const [recorded, who] of records) {
        bound.record(recorded);
        if (who < 2) await collect(who);
      }
      await collect(0);
      await collect(1);
      const [point] = points<Histogram>(await total.collect(), 'h');
      expect(counts).toEqual([records.length, records.length]);
      const sum = point?.value.sum ?? 0;
      for (const added of sums) expect(Math.abs(added - sum)).toBeLessThanOrEqual(1e-12 * (1 + sum) * records.length);
    }),
    runs(100),
  );
});
