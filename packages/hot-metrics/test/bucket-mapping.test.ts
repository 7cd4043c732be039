import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { bucketOf, createBucketMapping, exponentialBoundaries } from '../src/bucket-mapping.ts';
import { createHotMetrics, SECONDS_BOUNDARIES } from '../src/index.ts';
import { exponential } from './reading.ts';
import { runs, SEED } from './seed.ts';

/** The definition of an explicit bucket, taken literally. */
function bucketByDefinition(boundaries: readonly number[], value: number): number {
  const index = boundaries.findIndex((bound) => value <= bound);
  return index < 0 ? boundaries.length : index;
}

function neighbours(value: number): number[] {
  const bits = new BigInt64Array(1);
  const float = new Float64Array(bits.buffer);
  float[0] = value;
  const around = [value];
  for (const step of [-1n, 2n]) {
    bits[0] = (bits[0] as bigint) + step;
    around.push(float[0] as number);
  }
  return around.filter((v) => v >= 0 && Number.isFinite(v));
}

const BOUNDARIES: Record<string, readonly number[]> = {
  seconds: SECONDS_BOUNDARIES,
  none: [],
  zero: [0],
  'below zero': [-10, -1, 0, 1],
  'all below zero': [-2, -1],
  bytes: Array.from({ length: 31 }, (_, i) => 2 ** i),
  crowded: Array.from({ length: 512 }, (_, i) => 1 + i / 1e6),
  'the whole range': Array.from({ length: 512 }, (_, i) => 2 ** (-1074 + 4 * i)),
  subnormal: [Number.MIN_VALUE, 2 * Number.MIN_VALUE, 2 ** -1030],
  largest: [1, Number.MAX_VALUE],
  exponential: exponentialBoundaries({ scale: 3, minExponent: -30, maxExponent: 34 }),
  'exponential, fine': exponentialBoundaries({ scale: 5, minExponent: -60, maxExponent: 61 }),
};

test.each(Object.entries(BOUNDARIES))(
  'the table agrees with the definition at and around every bound: %s',
  (_, bounds) => {
    const mapping = createBucketMapping(bounds);
    const values = [0, Number.MIN_VALUE, 1, Number.MAX_VALUE, ...bounds.flatMap(neighbours)];
    for (const value of values)
      expect([value, bucketOf(mapping, value)]).toEqual([value, bucketByDefinition(bounds, value)]);
  },
);

test(`the table agrees with the definition for any bounds and values (seed ${SEED})`, () => {
  const bound = fc.double({ noNaN: true, noDefaultInfinity: true });
  const value = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.uniqueArray(bound, { maxLength: 60 }), fc.array(value, { maxLength: 40 }), (bounds, values) => {
      const sorted = Float64Array.from(new Set(bounds.map((b) => b + 0))).sort();
      const mapping = createBucketMapping([...sorted]);
      for (const v of [...values, ...[...sorted].filter((b) => b >= 0)])
        expect(bucketOf(mapping, v)).toBe(bucketByDefinition([...sorted], v));
    }),
    runs(300),
  );
});

test('a table stays small whatever the bounds', () => {
  for (const bounds of Object.values(BOUNDARIES))
    expect(createBucketMapping(bounds).starts.byteLength).toBeLessThanOrEqual(32_768);
});

/** Pulls when it is told to. */
class PullReader extends MetricReader {
  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

test(`exponential points have the buckets that the SDK puts the same values into (seed ${SEED})`, async () => {
  // Values of 10 octaves need 80 buckets at scale 3; the SDK then keeps scale 4 or more with 160, so it is brought down to ours.
  const value = fc.double({ min: 0.001, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 200 }), async (values) => {
      const sdk = new PullReader({
        aggregationSelector: () => ({ type: 5, options: { maxSize: 160, recordMinMax: true } }),
      });
      const theirs = new MeterProvider({ readers: [sdk] }).getMeter('m').createHistogram('h');
      const hot = createHotMetrics();
      const reader = hot.producer();
      const ours = hot
        .meter('m')
        .histogram('h', { exponential: { scale: 3 } })
        .bind();
      for (const v of values) {
        theirs.record(v);
        ours.record(v);
      }
      const expected = exponential(await sdk.collect(), 'h');
      const actual = exponential(await reader.collect(), 'h');
      expect(countsAt(actual, 3)).toEqual(countsAt(expected, 3));
      expect(actual).toMatchObject({ count: expected?.count, min: expected?.min, max: expected?.max, zeroCount: 0 });
      expect(actual?.sum).toBeCloseTo(expected?.sum ?? 0);
    }),
    runs(60),
  );
});

function countsAt(point: ReturnType<typeof exponential>, scale: number): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const [i, count] of (point?.positive.bucketCounts ?? []).entries()) {
    const index = ((point?.positive.offset ?? 0) + i) >> ((point?.scale ?? 0) - scale);
    if (count > 0) counts[index] = (counts[index] ?? 0) + count;
  }
  return counts;
}
