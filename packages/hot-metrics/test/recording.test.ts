import { createHotMetrics, SECONDS_BOUNDARIES } from '../src/index.ts';
import { captureDiag } from './diag-log.ts';
import { exponential, histogram, ManualClock, metric, only, points } from './reading.ts';

const NOT_MEASURES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -Number.MIN_VALUE];
const NOT_NUMBERS = ['5', null, undefined, {}, [], true, Symbol('s'), 5n, () => 5] as unknown as number[];

const said = captureDiag();

describe('a counter', () => {
  test('adds up what is added to each attribute set', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const counter = hot.meter('m').counter('c', { unit: 'By', description: 'what' });
    counter.bind({ a: 1 }).add(2);
    counter.bind({ a: 1 }).add(0.5);
    counter.bind({ a: 2 }).add(7);
    const result = await reader.collect();
    expect(points(result, 'c').map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ a: 1 }, 2.5],
      [{ a: 2 }, 7],
    ]);
    expect(metric(result, 'c')).toMatchObject({
      descriptor: { name: 'c', unit: 'By', description: 'what', valueType: 1, type: 'COUNTER' },
      aggregationTemporality: 1,
      dataPointType: 3,
      isMonotonic: true,
    });
  });

  test('ignores what would make it go back or never add up again, counts it and says it once', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').counter('c').bind();
    bound.add(1);
    for (const value of [...NOT_MEASURES, ...NOT_NUMBERS]) {
      bound.add(value);
      bound.advanceTo(value);
    }
    expect(only(await reader.collect(), 'c')).toBe(1);
    expect(hot.statistics().rejected).toBe(2 * (NOT_MEASURES.length + NOT_NUMBERS.length));
    expect(said.warnings).toEqual([
      'counter c: a value must be a finite number of 0 or more, got NaN: ignored, as all such are',
    ]);
  });

  test('is not reported while it was only bound, and is once 0 was added', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').counter('c').bind();
    expect(points(await reader.collect(), 'c')).toEqual([]);
    bound.add(0);
    expect(only(await reader.collect(), 'c')).toBe(0);
  });

  test('follows a sampled total, over a restart of its source', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').counter('c').bind();
    bound.advanceTo(100);
    bound.advanceTo(150);
    expect(only(await reader.collect(), 'c')).toBe(150);
    bound.advanceTo(30);
    expect(only(await reader.collect(), 'c')).toBe(180);
  });
});

describe('an up-down counter', () => {
  test('goes both ways and is not monotonic', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').upDownCounter('u').bind();
    bound.add(5);
    bound.add(-7);
    const result = await reader.collect();
    expect(only(result, 'u')).toBe(-2);
    expect(metric(result, 'u')).toMatchObject({ isMonotonic: false, descriptor: { type: 'UP_DOWN_COUNTER' } });
    bound.add(2);
    expect(only(await reader.collect(), 'u')).toBe(0);
  });

  test('follows a sampled total both ways', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').upDownCounter('u').bind();
    for (const total of [10, 4, 6]) bound.advanceTo(total);
    expect(only(await reader.collect(), 'u')).toBe(6);
  });

  test('ignores what is not finite', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').upDownCounter('u').bind();
    bound.add(1);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ...NOT_NUMBERS]) {
      bound.add(value);
      bound.advanceTo(value);
    }
    expect(only(await reader.collect(), 'u')).toBe(1);
    expect(said.warnings).toEqual([
      'updowncounter u: a value must be a finite number, got NaN: ignored, as all such are',
    ]);
  });
});

describe('a gauge', () => {
  test('reports the value that was set last', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').gauge('g').bind();
    expect(points(await reader.collect(), 'g')).toEqual([]);
    bound.set(3);
    bound.set(-4);
    const result = await reader.collect();
    expect(only(result, 'g')).toBe(-4);
    expect(metric(result, 'g')).toMatchObject({ dataPointType: 2, descriptor: { type: 'GAUGE' } });
    expect(only(await reader.collect(), 'g')).toBe(-4);
  });

  test('takes infinities, and keeps the last value where NaN or no number is set', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').gauge('g').bind();
    bound.set(Number.POSITIVE_INFINITY);
    for (const value of [Number.NaN, ...NOT_NUMBERS]) bound.set(value);
    expect(only(await reader.collect(), 'g')).toBe(Number.POSITIVE_INFINITY);
    expect(said.warnings).toEqual(['gauge g: a value must be a number but not NaN, got NaN: ignored, as all such are']);
  });
});

describe('a histogram', () => {
  test('counts into buckets whose upper bounds belong to them', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot
      .meter('m')
      .histogram('h', { bucketBoundaries: [0, 1, 10] })
      .bind();
    for (const value of [0, 0.5, 1, 1.0000001, 10, 11, 1e300]) bound.record(value);
    expect(histogram(await reader.collect(), 'h')).toEqual({
      buckets: { boundaries: [0, 1, 10], counts: [1, 2, 2, 2] },
      count: 7,
      sum: expect.closeTo(1e300),
      min: 0,
      max: 1e300,
    });
  });

  test('has bounds for durations in seconds, and the unit s, where nothing is said', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    hot.meter('m').histogram('h').bind().record(0.0012);
    const result = await reader.collect();
    expect(metric(result, 'h')?.descriptor.unit).toBe('s');
    expect(histogram(result, 'h')?.buckets.boundaries).toEqual(SECONDS_BOUNDARIES);
    expect(SECONDS_BOUNDARIES[0]).toBe(1e-5);
    expect(SECONDS_BOUNDARIES.at(-1)).toBe(10);
    expect(histogram(result, 'h')?.buckets.counts[SECONDS_BOUNDARIES.indexOf(0.0025)]).toBe(1);
  });

  test('works with a single bucket', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').histogram('h', { bucketBoundaries: [] }).bind();
    for (const value of [0, 1, 1e9]) bound.record(value);
    expect(histogram(await reader.collect(), 'h')?.buckets).toEqual({ boundaries: [], counts: [3] });
  });

  test('is not reported while it is empty', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    hot.meter('m').histogram('h').bind();
    expect((await reader.collect()).resourceMetrics.scopeMetrics).toEqual([]);
  });

  test('ignores negative, infinite and other unusable values, counts them and says it once', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').histogram('h').bind();
    bound.record(1);
    for (const value of [...NOT_MEASURES, ...NOT_NUMBERS]) bound.record(value);
    expect(histogram(await reader.collect(), 'h')).toMatchObject({ count: 1, sum: 1, min: 1, max: 1 });
    expect(hot.statistics().rejected).toBe(NOT_MEASURES.length + NOT_NUMBERS.length);
    expect(said.warnings).toHaveLength(1);
  });

  test('exports exponential buckets by option', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const bound = hot.meter('m').histogram('h', { exponential: true }).bind();
    for (const value of [0, 0, 1, 1.5, 2, 1e-12, 1e12]) bound.record(value);
    const result = await reader.collect();
    expect(metric(result, 'h')?.dataPointType).toBe(1);
    const value = exponential(result, 'h');
    expect(value).toMatchObject({ count: 7, zeroCount: 2, scale: 3, min: 0, max: 1e12 });
    expect(value?.negative).toEqual({ offset: 0, bucketCounts: [] });
    const at = (index: number) => value?.positive.bucketCounts[index - value.positive.offset];
    // 1 = base^0 ends bucket -1; 2 = base^8 ends bucket 7; 1.5 = base^4.68 lies in bucket 4.
    expect([at(-1), at(4), at(7)]).toEqual([1, 1, 1]);
    // What lies outside of the range is in the outermost buckets.
    expect(at(-240)).toBe(1);
    expect(at(271)).toBe(1);
  });

  test('exports an exponential point without positive buckets where there were only zeros', async () => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    hot
      .meter('m')
      .histogram('h', { exponential: { scale: 0 } })
      .bind()
      .record(0);
    expect(exponential(await reader.collect(), 'h')).toEqual({
      count: 1,
      sum: 0,
      min: 0,
      max: 0,
      scale: 0,
      zeroCount: 1,
      positive: { offset: 0, bucketCounts: [] },
      negative: { offset: 0, bucketCounts: [] },
    });
  });
});

describe('handles and instruments', () => {
  test('asking again gives the same meter, instrument and series', () => {
    const hot = createHotMetrics();
    const meter = hot.meter('m', '1');
    expect(hot.meter('m', '1')).toBe(meter);
    expect(hot.meter('m', '2')).not.toBe(meter);
    const counter = meter.counter('c');
    expect(meter.counter('C')).toBe(counter);
    expect(counter.bind({ a: 1, b: 2 })).toBe(counter.bind({ b: 2, a: 1 }));
    expect(counter.bind({ a: 1, b: undefined })).toBe(counter.bind({ a: 1 }));
    expect(counter.bind()).toBe(counter.bind({}));
  });

  test('a name keeps its kind, and its first unit and buckets', () => {
    const meter = createHotMetrics().meter('m');
    const first = meter.histogram('h', { unit: 's' });
    expect(meter.histogram('h')).toBe(first);
    expect(meter.histogram('h', { unit: 's', bucketBoundaries: SECONDS_BOUNDARIES })).toBe(first);
    expect(said.warnings).toEqual([]);
    expect(meter.histogram('h', { unit: 'ms' })).toBe(first);
    expect(meter.histogram('h', { exponential: true })).toBe(first);
    expect(first.unit).toBe('s');
    expect(said.warnings).toEqual([
      'meter m: h is already defined with another unit or other buckets: the first definition holds',
    ]);
    expect(() => meter.counter('h')).toThrow(
      new TypeError('meter m: h must stay a histogram, got a counter: give it another name'),
    );
  });

  test('an instrument tells what it is', () => {
    const instrument = createHotMetrics().meter('m').gauge('g', { unit: 'By', description: 'bytes' });
    expect(instrument).toMatchObject({ name: 'g', unit: 'By', description: 'bytes', kind: 'gauge' });
  });

  test('nothing is allocated before the first bind', () => {
    const hot = createHotMetrics();
    hot.meter('m').histogram('h');
    hot.producer();
    expect(hot.statistics().bytes).toBe(0);
    expect(hot.descriptor()).toBeUndefined();
    hot.meter('m').histogram('h').bind();
    expect(hot.statistics().bytes).toBeGreaterThan(0);
  });

  test('a handle stays valid while its block grows and when further blocks follow', async () => {
    const hot = createHotMetrics({ clock: new ManualClock() });
    const reader = hot.producer();
    const instrument = hot.meter('m').histogram('h', { cardinalityLimit: 1_000_000, exponential: { scale: 5 } });
    const handles = Array.from({ length: 1500 }, (_, i) => {
      const bound = instrument.bind({ i });
      bound.record(i);
      return bound;
    });
    for (const [i, bound] of handles.entries()) bound.record(i);
    const reported = points<{ count: number; sum: number }>(await reader.collect(), 'h');
    expect(reported.length).toBe(1500);
    expect(reported.every(({ attributes, value }) => value.count === 2 && value.sum === 2 * Number(attributes.i))).toBe(
      true,
    );
    expect(hot.descriptor()?.blocks.length).toBeGreaterThan(1);
  });
});
