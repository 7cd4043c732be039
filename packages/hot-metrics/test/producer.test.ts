import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import { createHotMetrics, type HotBlockDescriptor } from '../src/index.ts';
import { histogram, interval, ManualClock, metric, only, points, valuesBy } from './reading.ts';

function setUp() {
  const clock = new ManualClock();
  const hot = createHotMetrics({ clock });
  return { clock, hot, meter: hot.meter('m', '1') };
}

describe('temporality', () => {
  test('a cumulative and a delta reader at once both see the right numbers', async () => {
    const { hot, meter } = setUp();
    const total = hot.producer({ temporality: 'cumulative' });
    const delta = hot.producer({ temporality: 'delta' });
    const bound = meter.counter('c').bind();
    bound.add(1);
    expect(only(await total.collect(), 'c')).toBe(1);
    bound.add(10);
    expect(only(await delta.collect(), 'c')).toBe(11);
    bound.add(100);
    expect(only(await total.collect(), 'c')).toBe(111);
    expect(only(await delta.collect(), 'c')).toBe(100);
    expect(only(await total.collect(), 'c')).toBe(111);
  });

  test('two delta readers take nothing from each other', async () => {
    const { hot, meter } = setUp();
    const [a, b] = [hot.producer({ temporality: 'delta' }), hot.producer({ temporality: 'delta' })];
    const bound = meter.histogram('h', { bucketBoundaries: [1] }).bind();
    bound.record(0.5);
    expect(histogram(await a.collect(), 'h')?.count).toBe(1);
    bound.record(5);
    expect(histogram(await b.collect(), 'h')).toMatchObject({ count: 2, sum: 5.5, min: 0.5, max: 5 });
    expect(histogram(await a.collect(), 'h')).toMatchObject({ count: 1, sum: 5, min: 5, max: 5 });
  });

  test('readers that collect in the same moment each get everything', async () => {
    const { hot, meter } = setUp();
    const readers = [hot.producer({ temporality: 'delta' }), hot.producer(), hot.producer({ temporality: 'delta' })];
    meter.counter('c').bind().add(3);
    const results = await Promise.all(readers.map((reader) => reader.collect()));
    expect(results.map((result) => only(result, 'c'))).toEqual([3, 3, 3]);
  });

  test('overlapping collections of one reader report nothing twice', async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer({ temporality: 'delta' });
    meter.counter('c').bind().add(3);
    const results = await Promise.all([reader.collect(), reader.collect()]);
    expect(results.map((result) => only(result, 'c'))).toEqual([3, undefined]);
  });

  test('delta leaves out what did not change', async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer({ temporality: 'delta' });
    const [counter, other] = [meter.counter('c').bind({ n: 1 }), meter.counter('c').bind({ n: 2 })];
    const gauge = meter.gauge('g').bind();
    counter.add(1);
    other.add(1);
    gauge.set(5);
    await reader.collect();
    other.add(1);
    const second = await reader.collect();
    expect(valuesBy(second, 'c', 'n')).toEqual({ 2: 1 });
    expect(points(second, 'g')).toEqual([]);
    gauge.set(5);
    expect(only(await reader.collect(), 'g')).toBe(5);
  });

  test("'delta' keeps up-down counters as totals, as the OTLP preference of that name does", async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer({ temporality: 'delta' });
    const bound = meter.upDownCounter('u').bind();
    bound.add(5);
    await reader.collect();
    bound.add(-2);
    const result = await reader.collect();
    expect(only(result, 'u')).toBe(3);
    expect(metric(result, 'u')?.aggregationTemporality).toBe(1);
  });

  test('a selector decides for each kind of instrument', async () => {
    const { hot, meter } = setUp();
    const asked: string[] = [];
    const reader = hot.producer({
      temporality: (type) => {
        asked.push(type);
        return type === 'UP_DOWN_COUNTER' ? 0 : 1;
      },
    });
    const [counter, upDown] = [meter.counter('c').bind(), meter.upDownCounter('u').bind()];
    const [gauge, measure] = [meter.gauge('g').bind(), meter.histogram('h').bind()];
    const use = () => {
      counter.add(1);
      upDown.add(1);
      gauge.set(1);
      measure.record(1);
    };
    use();
    await reader.collect();
    use();
    const result = await reader.collect();
    expect(only(result, 'c')).toBe(2);
    expect(only(result, 'u')).toBe(1);
    expect(histogram(result, 'h')).toMatchObject({ count: 2, min: 1, max: 1 });
    expect(new Set(asked)).toEqual(new Set(['COUNTER', 'UP_DOWN_COUNTER', 'GAUGE', 'HISTOGRAM']));
  });

  test('a selector that throws means cumulative', async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer({
      temporality: () => {
        throw new Error('no');
      },
    });
    meter.counter('c').bind().add(1);
    await reader.collect();
    expect(only(await reader.collect(), 'c')).toBe(1);
  });
});

describe('extremes', () => {
  test('of a delta reader are those of its own interval, of a cumulative one those of all time', async () => {
    const { hot, meter } = setUp();
    const delta = hot.producer({ temporality: 'delta' });
    const slow = hot.producer({ temporality: 'delta' });
    const total = hot.producer();
    const bound = meter.histogram('h').bind();
    const extremes = async (reader: typeof total) => {
      const { min, max } = histogram(await reader.collect(), 'h') ?? {};
      return [min, max];
    };
    bound.record(4);
    bound.record(9);
    expect(await extremes(delta)).toEqual([4, 9]);
    bound.record(6);
    bound.record(5);
    expect(await extremes(total)).toEqual([4, 9]);
    expect(await extremes(delta)).toEqual([5, 6]);
    expect(await extremes(delta)).toEqual([undefined, undefined]);
    bound.record(1);
    expect(await extremes(slow)).toEqual([1, 9]);
    expect(await extremes(total)).toEqual([1, 9]);
    expect(await extremes(delta)).toEqual([1, 1]);
  });
});

describe('times', () => {
  test('delta intervals are contiguous, and begin for each series when it does', async () => {
    const { clock, hot, meter } = setUp();
    const reader = hot.producer({ temporality: 'delta' });
    const t0 = clock.time;
    const first = meter.counter('c').bind({ n: 1 });
    first.add(1);
    clock.advance(1000);
    expect(interval(points(await reader.collect(), 'c')[0])).toEqual([t0, t0 + 1000]);
    clock.advance(500);
    const second = meter.counter('c').bind({ n: 2 });
    clock.advance(500);
    first.add(1);
    second.add(1);
    const result = points(await reader.collect(), 'c');
    expect(result.map(interval)).toEqual([
      [t0 + 1000, t0 + 2000],
      [t0 + 1500, t0 + 2000],
    ]);
    clock.advance(1000);
    // An interval without a report is not a gap.
    await reader.collect();
    clock.advance(1000);
    second.add(1);
    expect(points(await reader.collect(), 'c').map(interval)).toEqual([[t0 + 3000, t0 + 4000]]);
  });

  test('cumulative points keep the start of their series', async () => {
    const { clock, hot, meter } = setUp();
    const reader = hot.producer();
    const t0 = clock.time;
    const first = meter.counter('c').bind({ n: 1 });
    clock.advance(250);
    const second = meter.counter('c').bind({ n: 2 });
    for (let i = 1; i <= 3; i++) {
      first.add(1);
      second.add(1);
      clock.advance(1000);
      expect(points(await reader.collect(), 'c').map(interval)).toEqual([
        [t0, t0 + 250 + 1000 * i],
        [t0 + 250, t0 + 250 + 1000 * i],
      ]);
    }
  });

  test('a clock that is set back gives neither intervals of negative length nor overlapping ones', async () => {
    const { clock, hot, meter } = setUp();
    const reader = hot.producer({ temporality: 'delta' });
    const t0 = clock.time;
    const bound = meter.counter('c').bind({ n: 1 });
    bound.add(1);
    await reader.collect();
    clock.advance(-60_000);
    bound.add(1);
    meter.counter('c').bind({ n: 2 }).add(1);
    const [first, second] = points(await reader.collect(), 'c').map(interval);
    expect(first).toEqual([t0, t0]);
    expect(second?.[1]).toBe(t0);
    clock.advance(70_000);
    bound.add(1);
    expect(points(await reader.collect(), 'c').map(interval)).toEqual([[t0, t0 + 10_000]]);
  });

  test('a series from before the clock was set back does not begin after it ends', async () => {
    const { clock, hot, meter } = setUp();
    const reader = hot.producer();
    clock.advance(60_000);
    meter.counter('c').bind().add(1);
    clock.advance(-30_000);
    expect(points(await reader.collect(), 'c').map(interval)).toEqual([[clock.time, clock.time]]);
  });

  test('fractions of a millisecond become nanoseconds', async () => {
    const { clock, hot, meter } = setUp();
    const reader = hot.producer();
    meter.counter('c').bind().add(1);
    clock.time = 1_700_000_000_999.75;
    const { endTime } = points(await reader.collect(), 'c')[0] as DataPoint<number>;
    expect(endTime).toEqual([1_700_000_000, 999_750_000]);
  });
});

describe('a producer that is added late', () => {
  test("reports all since the start with since: 'start'", async () => {
    const { clock, hot, meter } = setUp();
    const t0 = clock.time;
    meter.counter('c').bind().add(5);
    meter.histogram('h').bind().record(5);
    await hot.producer().collect();
    clock.advance(1000);
    const reader = hot.producer({ temporality: 'delta' });
    meter.histogram('h').bind().record(2);
    clock.advance(1000);
    const result = await reader.collect();
    const [point] = points(result, 'c');
    expect(point?.value).toBe(5);
    expect(interval(point)).toEqual([t0, t0 + 2000]);
    expect(histogram(result, 'h')).toMatchObject({ count: 2, min: 2, max: 5 });
  });

  test.each(['delta', 'cumulative'] as const)(
    "reports only what came later with since: 'now' (%s)",
    async (temporality) => {
      const { clock, hot, meter } = setUp();
      const [counter, measure] = [meter.counter('c').bind(), meter.histogram('h', { bucketBoundaries: [1] }).bind()];
      counter.add(5);
      measure.record(100);
      clock.advance(1000);
      const t1 = clock.time;
      const reader = hot.producer({ temporality, since: 'now' });
      counter.add(2);
      measure.record(0.5);
      clock.advance(1000);
      const result = await reader.collect();
      expect(points(result, 'c').map(interval)).toEqual([[t1, t1 + 1000]]);
      expect(only(result, 'c')).toBe(2);
      const value = histogram(result, 'h');
      expect(value).toMatchObject({ count: 1, sum: 0.5, buckets: { counts: [1, 0] } });
      // A total since some moment has no extremes: they are kept for all time and for the intervals of delta readers.
      expect([value?.min, value?.max]).toEqual(temporality === 'delta' ? [0.5, 0.5] : [undefined, undefined]);
      counter.add(3);
      expect(only(await reader.collect(), 'c')).toBe(temporality === 'delta' ? 3 : 5);
    },
  );
});

describe('an attribute filter', () => {
  test('adds up the series that it makes alike, for this reader only', async () => {
    const { hot, meter } = setUp();
    const seen: string[] = [];
    const reader = hot.producer({
      attributeFilter: (attribute, name) => {
        seen.push(`${name} ${attribute}`);
        return attribute !== 'path';
      },
    });
    const all = hot.producer();
    const counter = meter.counter('c');
    counter.bind({ path: '/a', operation: 'read' }).add(1);
    counter.bind({ operation: 'read', path: '/b' }).add(2);
    counter.bind({ path: '/a', operation: 'write' }).add(4);
    const measures = meter.histogram('h', { bucketBoundaries: [1] });
    measures.bind({ path: '/a' }).record(0.5);
    measures.bind({ path: '/b' }).record(2);
    const result = await reader.collect();
    expect(valuesBy(result, 'c', 'operation')).toEqual({ read: 3, write: 4 });
    expect(points(result, 'c')[0]?.attributes).toEqual({ operation: 'read' });
    expect(points<Histogram>(result, 'h')).toMatchObject([
      { attributes: {}, value: { count: 2, sum: 2.5, min: 0.5, max: 2, buckets: { counts: [1, 1] } } },
    ]);
    expect(points(await all.collect(), 'c')).toHaveLength(3);
    expect(seen).toContain('c operation');
    const asked = seen.length;
    await reader.collect();
    expect(seen.length).toBe(asked);
  });

  test('works on deltas, and takes in series that come later', async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer({ temporality: 'delta', attributeFilter: () => false });
    const counter = meter.counter('c');
    counter.bind({ a: 1 }).add(1);
    expect(only(await reader.collect(), 'c')).toBe(1);
    counter.bind({ a: 2 }).add(10);
    counter.bind({ a: 1 }).add(5);
    expect(only(await reader.collect(), 'c')).toBe(15);
    expect(points(await reader.collect(), 'c')).toEqual([]);
  });

  test('keeps the start of a group, also when an older series joins it', async () => {
    const { clock, hot, meter } = setUp();
    const reader = hot.producer({ attributeFilter: () => false });
    const thread = createHotMetrics({ clock, threadId: 1 });
    thread.meter('m', '1').counter('c').bind({ n: 0 }).add(1);
    clock.advance(1000);
    const start = clock.time;
    meter.counter('c').bind({ n: 1 }).add(1);
    await reader.collect();
    hot.attach(thread.descriptor() as HotBlockDescriptor);
    clock.advance(1000);
    const [point] = points(await reader.collect(), 'c');
    expect([point?.value, ...interval(point)]).toEqual([2, start, start + 1000]);
  });

  test('that throws keeps the attribute', async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer({
      attributeFilter: () => {
        throw new Error('no');
      },
    });
    meter.counter('c').bind({ a: 1 }).add(1);
    expect(points(await reader.collect(), 'c')[0]?.attributes).toEqual({ a: 1 });
  });
});

describe('what a collection returns', () => {
  test('metrics by scope, with the shapes of the SDK', async () => {
    const { hot } = setUp();
    const reader = hot.producer();
    hot.meter('a', '1').counter('x').bind().add(1);
    hot.meter('b').counter('y').bind().add(1);
    hot.meter('a', '1').counter('z').bind().add(1);
    const { resourceMetrics, errors } = await reader.collect({ timeoutMillis: 1000 });
    expect(errors).toEqual([]);
    expect(resourceMetrics.scopeMetrics.map(({ scope, metrics }) => [scope, metrics.length])).toEqual([
      [{ name: 'a', version: '1' }, 2],
      [{ name: 'b' }, 1],
    ]);
    const { resource } = resourceMetrics;
    expect(resource.attributes).toEqual({});
    expect(resource.getRawAttributes()).toEqual([]);
    expect(resource.merge(null)).toBe(resource);
    expect(resource.merge(resource)).toBe(resource);
  });

  test('a long collection lets the event loop turn, and shows one moment all the same', async () => {
    const { hot, meter } = setUp();
    const reader = hot.producer();
    const instrument = meter.histogram('h', {
      cardinalityLimit: 20_000,
      bucketBoundaries: Array.from({ length: 99 }, (_, i) => i),
    });
    const handles = Array.from({ length: 10_000 }, (_, i) => instrument.bind({ i }));
    for (const bound of handles) bound.record(1);
    let turns = 0;
    const turn = () => {
      turns++;
      for (const bound of handles) bound.record(2);
      instrument.bind({ late: turns }).record(1);
      pending = setImmediate(turn);
    };
    let pending = setImmediate(turn);
    const result = await reader.collect();
    clearImmediate(pending);
    expect(turns).toBeGreaterThan(1);
    const reported = points<Histogram>(result, 'h');
    expect(reported).toHaveLength(10_000);
    expect(reported.every(({ value }) => value.count === 1 && value.sum === 1)).toBe(true);
  });

  test('a collection works under fake timers', async () => {
    jest.useFakeTimers();
    try {
      const { hot, meter } = setUp();
      const reader = hot.producer();
      const instrument = meter.histogram('h', { cardinalityLimit: 20_000 });
      for (let i = 0; i < 10_000; i++) instrument.bind({ i }).record(1);
      expect(points(await reader.collect(), 'h')).toHaveLength(10_000);
    } finally {
      jest.useRealTimers();
    }
  });

  test('closing twice is closing once, and a closed producer still reads', async () => {
    const { hot, meter } = setUp();
    const [a] = [hot.producer(), hot.producer()];
    expect(hot.statistics().producers).toBe(2);
    a.close();
    a.close();
    expect(hot.statistics().producers).toBe(1);
    meter.counter('c').bind().add(1);
    expect(only(await a.collect(), 'c')).toBe(1);
  });
});
