import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHotMetrics } from '../src/index.ts';
import { captureDiag } from './diag-log.ts';
import { points } from './reading.ts';
import { IS_LONG } from './seed.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const OVERFLOW = { 'otel.metric.overflow': true };
const said = captureDiag();

test('an instrument holds as many series as its limit says, the overflow series included', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const counter = hot.meter('m').counter('c', { cardinalityLimit: 3 });
  for (let i = 0; i < 10; i++) counter.bind({ i }).add(1);
  const reported = points(await reader.collect(), 'c');
  expect(reported.map(({ attributes, value }) => [attributes, value])).toEqual([
    [{ i: 0 }, 1],
    [{ i: 1 }, 1],
    [OVERFLOW, 8],
  ]);
  expect(hot.statistics()).toMatchObject({ series: 3, mergedSeries: 3, overflowed: 8 });
  expect(said.warnings).toEqual([
    'counter c: it has 3 attribute sets (cardinalityLimit): recorded with otel.metric.overflow=true, as all further ones are',
  ]);
});

test('series that were there before the limit was reached go on', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const counter = hot.meter('m').counter('c', { cardinalityLimit: 2 });
  const first = counter.bind({ i: 0 });
  counter.bind({ i: 1 }).add(1);
  expect(counter.bind({ i: 0 })).toBe(first);
  first.add(5);
  expect(points(await reader.collect(), 'c')).toMatchObject([{ value: 5 }, { attributes: OVERFLOW, value: 1 }]);
});

test('with a limit of 1 everything is overflow', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const counter = hot.meter('m').counter('c', { cardinalityLimit: 1 });
  counter.bind().add(1);
  counter.bind({ a: 1 }).add(1);
  expect(points(await reader.collect(), 'c')).toMatchObject([{ attributes: OVERFLOW, value: 2 }]);
});

test('binding the overflow attributes by hand is no overflow', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const counter = hot.meter('m').counter('c', { cardinalityLimit: 2 });
  counter.bind(OVERFLOW).add(1);
  counter.bind({ a: 1 }).add(2);
  counter.bind({ a: 2 }).add(4);
  expect(points(await reader.collect(), 'c')).toMatchObject([
    { attributes: OVERFLOW, value: 5 },
    { attributes: { a: 1 }, value: 2 },
  ]);
  expect(hot.statistics().overflowed).toBe(1);
});

test('each instrument says its overflow once, also where two scopes use one name', () => {
  const hot = createHotMetrics();
  for (const scope of ['a', 'b'])
    for (let i = 0; i < 5; i++) hot.meter(scope).counter('c', { cardinalityLimit: 1 }).bind({ i });
  expect(said.warnings).toHaveLength(2);
});

test('the threads of a process together hold no more series than the limit', async () => {
  const main = createHotMetrics({ threadId: 0 });
  const reader = main.producer();
  for (let thread = 1; thread <= 3; thread++) {
    const hot = createHotMetrics({ threadId: thread });
    hot.onBlock((descriptor) => main.attach(descriptor));
    const counter = hot.meter('m').counter('c', { cardinalityLimit: 4 });
    for (let i = 0; i < 3; i++) counter.bind({ thread, i }).add(1);
  }
  const reported = points(await reader.collect(), 'c');
  expect(reported).toHaveLength(4);
  expect(reported.find(({ attributes }) => attributes['otel.metric.overflow'])?.value).toBe(6);
  expect(main.statistics().overflowed).toBe(6);
  expect(said.warnings).toEqual([
    'counter c: all threads together have 4 attribute sets (cardinalityLimit): further ones are added to otel.metric.overflow=true',
  ]);
});

test('a million distinct attribute values stay within bounded memory', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer({ temporality: 'delta' });
  const histogram = hot.meter('m').histogram('h');
  const counter = hot.meter('m').counter('c');
  const values = IS_LONG ? 1_000_000 : 200_000;
  for (let i = 0; i < 10_000; i++) counter.bind({ user: `warm-up ${i}` }).add(1);
  collectGarbage();
  const before = process.memoryUsage();
  for (let i = 0; i < values; i++) {
    histogram.bind({ user: `user ${i}`, route: '/' }).record(i / values);
    counter.bind({ user: `user ${i}` }).add(1);
  }
  const result = await reader.collect();
  expect(points(result, 'h')).toHaveLength(2000);
  expect(points(result, 'c').reduce((sum, { value }) => sum + value, 0)).toBe(values + 10_000);
  expect(hot.statistics().series).toBe(4000);
  // 2,000 rows of 25 cells and 2,000 of 2, in blocks that grow by doubling.
  expect(hot.statistics().bytes).toBeLessThanOrEqual(1024 * 1024);
  collectGarbage();
  const after = process.memoryUsage();
  // The 2,000 histogram series with their handles, keys, merged series and points; 50 MB or more if all values were kept.
  expect(after.heapUsed - before.heapUsed).toBeLessThan(12 * 1024 * 1024);
});
