import { createHotMetrics } from '../src/index.ts';
import { captureDiag } from './diag-log.ts';
import { only, valuesBy } from './reading.ts';

const said = captureDiag();

test('sampled values are read when a reader collects, and at no other time', async () => {
  const hot = createHotMetrics();
  const [a, b] = [hot.producer(), hot.producer({ temporality: 'delta' })];
  const meter = hot.meter('m');
  const [gauge, counter] = [meter.gauge('g').bind(), meter.counter('c').bind()];
  let source = 0;
  meter.observe(() => {
    gauge.set(source);
    counter.advanceTo(source);
  });
  source = 5;
  const first = await a.collect();
  expect([only(first, 'g'), only(first, 'c')]).toEqual([5, 5]);
  source = 12;
  const [fromA, fromB] = await Promise.all([a.collect(), b.collect()]);
  expect([only(fromA, 'g'), only(fromA, 'c')]).toEqual([12, 12]);
  expect([only(fromB, 'g'), only(fromB, 'c')]).toEqual([12, 12]);
  source = 13;
  expect(only(await b.collect(), 'c')).toBe(1);
});

test('a callback that throws or rejects is said once and costs the others nothing', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const meter = hot.meter('m');
  const gauge = meter.gauge('g');
  meter.observe(function broken() {
    throw new Error('no /proc');
  });
  meter.observe(async function brokenLater() {
    throw 'not an Error';
  });
  meter.observe(() => {
    throw Object.create(null);
  });
  meter.observe(() => gauge.bind({ n: 1 }).set(1));
  for (let i = 0; i < 3; i++) {
    const result = await reader.collect();
    expect(result.errors).toEqual([]);
    expect(valuesBy(result, 'g', 'n')).toEqual({ 1: 1 });
  }
  expect(hot.statistics().callbackErrors).toBe(9);
  expect(said.warnings.sort()).toEqual([
    'meter m: an observe callback failed: an error that cannot be shown',
    'meter m: observe callback broken failed: no /proc',
    'meter m: observe callback brokenLater failed: not an Error',
  ]);
});

test('a collection waits for a callback that takes its time, but no longer than the reader allows', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const gauge = hot.meter('m').gauge('g');
  let finish: () => void = () => {};
  hot.meter('m').observe(async () => {
    await null;
    gauge.bind({ speed: 'slow' }).set(1);
  });
  hot.meter('m').observe(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    gauge.bind({ speed: 'stuck' }).set(1);
  });
  expect(valuesBy(await reader.collect({ timeoutMillis: 5 }), 'g', 'speed')).toEqual({ slow: 1 });
  finish();
  await null;
  await null;
  expect(valuesBy(await reader.collect({ timeoutMillis: 5 }), 'g', 'speed')).toEqual({ slow: 1, stuck: 1 });
  expect(said.warnings).toEqual([]);
});

test('a callback may be taken back, also while it runs', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  let calls = 0;
  const remove = hot.meter('m').observe(() => {
    calls++;
    remove();
  });
  await reader.collect();
  await reader.collect();
  expect(calls).toBe(1);
  remove();
});

test('a value that a callback returns by mistake is no promise', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  hot.meter('m').observe((() => 5) as never);
  hot.meter('m').observe((() => Object.fromEntries([['then', 5]])) as never);
  expect((await reader.collect()).errors).toEqual([]);
});
