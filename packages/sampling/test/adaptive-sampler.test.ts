import { type Attributes, ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { createComposableParentThresholdSampler, createCompositeSampler } from '@opentelemetry/sampler-composite';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { AdaptiveSampler, type AdaptiveSamplerConfig } from '../src/index.ts';
import { thresholdState } from '../src/ot-member.ts';
import { driven, traceIds } from './driven-sampler.ts';

const keyOf = (sampler: AdaptiveSampler, key: string) => sampler.describe().keys.find((found) => found.key === key);

function remote(isSampled: boolean, th?: string): SpanContext {
  return {
    traceId: `${'1'.repeat(18)}ffffffffffffff`,
    spanId: '2'.repeat(16),
    isRemote: true,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    ...(th === undefined ? {} : { traceState: thresholdState(th) }),
  };
}

describe('options', () => {
  test('the sampler is one of the SDK', () => {
    const sampler: Sampler = new AdaptiveSampler();
    expect(sampler.toString()).toBe('AdaptiveSampler{10 traces/s}');
  });

  test.each<[AdaptiveSamplerConfig, RegExp]>([
    [{ tracesPerSecond: 0 }, /tracesPerSecond must be a number above 0.*got 0/],
    [{ tracesPerSecond: -1 }, /got -1/],
    [{ tracesPerSecond: Number.NaN }, /got NaN/],
    [{ tracesPerSecond: Number.POSITIVE_INFINITY }, /got Infinity/],
    [{ tracesPerSecond: 1e9 + 1 }, /at most 1000000000/],
    [{ tracesPerSecond: '5' as never }, /got '5'/],
    [{ tracesPersecond: 1 } as never, /"tracesPersecond" is not an option; there are tracesPerSecond/],
    [{ rules: [{ rout: '/health', keep: 'never' } as never] }, /rules\[0\]: "rout" is not an option/],
    [{ rules: [{ keep: { budget: 1, x: 2 } as never }] }, /rules\[0\].keep: "x" is not an option/],
    [{ rules: [{ keep: Object.create(null) as never }] }, /rules\[0\].keep must be/],
    [{ spansPerSecond: 0 }, /spansPerSecond must be/],
    [{ tracesPerSecond: 1, spansPerSecond: 1 }, /not both/],
    [{ uniformity: 1.1 }, /uniformity must be a number from 0 to 1, got 1.1/],
    [{ maxKeys: 15 }, /maxKeys must be an integer from 16/],
    [{ maxKeys: 16.5 }, /got 16.5/],
    [{ coverageMs: 999 }, /coverageMs must be a number from 1000 to 3600000, or 0/],
    [{ coverageShare: -0.1 }, /coverageShare/],
    [{ planIntervalMs: 99 }, /planIntervalMs/],
    [{ smoothingMs: 600_001 }, /smoothingMs/],
    [{ metricKeys: 1001 }, /metricKeys/],
    [{ key: 'x' as never }, /key must be a function/],
    [{ rules: {} as never }, /rules must be a list/],
    [{ rules: [null as never] }, /rules\[0\]: the options must be an object/],
    [{ rules: [{ keep: 'sometimes' as never }] }, /rules\[0\].keep must be 'always'/],
    [{ rules: [{ keep: { budget: 0 } }] }, /rules\[0\].keep.budget must be a number above 0/],
    [{ rules: [{ kind: 9 as never, keep: 'never' }] }, /SpanKind/],
    [{ rules: [{ route: '', keep: 'never' }] }, /route/],
    [{ rules: [{ attribute: {} as never, keep: 'never' }] }, /attribute/],
  ])('%j is refused in one sentence', (config, message) => {
    expect(() => new AdaptiveSampler(config)).toThrow(message);
    expect(() => new AdaptiveSampler(config)).toThrow(/^AdaptiveSampler: /);
  });

  test.each<AdaptiveSamplerConfig>([
    { tracesPerSecond: 1e9 },
    { tracesPerSecond: 1e-6 },
    { uniformity: 0, maxKeys: 16, coverageMs: 0, planIntervalMs: 100, smoothingMs: 100 },
    { uniformity: 1, maxKeys: 65_536, coverageMs: 3_600_000, coverageShare: 1 },
  ])('%j works', (config) => {
    const self = driven(config);
    expect(self.run('x', 200, 2)).toBeGreaterThan(0);
  });
});

describe('thresholds', () => {
  test('a trace within budget is kept with th:0, one beyond it with the threshold of its probability', () => {
    const self = driven({ tracesPerSecond: 10, coverageMs: 0 });
    expect(self.root('x').traceState?.get('ot')).toBe('th:0');
    self.run('x', 10_000, 10);
    const { probability } = keyOf(self.sampler, 'x') ?? { probability: 0 };
    expect(probability).toBeCloseTo(0.01, 2);
    let member: string | undefined;
    for (let i = 0; i < 1000 && member === undefined; i += 1) member = self.root('x').traceState?.get('ot');
    expect(member).toMatch(/^th:f[0-9a-f]{3,4}$/);
  });

  test('a dropped trace has no threshold, and its result is shared', () => {
    const self = driven({ tracesPerSecond: 1, coverageMs: 0 });
    self.run('x', 10_000, 10);
    const dropped = Array.from({ length: 100 }, () => self.root('x')).filter(({ decision }) => decision === 0);
    expect(dropped.length).toBeGreaterThan(90);
    expect(new Set(dropped).size).toBe(1);
    expect(dropped[0]).toEqual({ decision: 0 });
  });

  test('what thresholds say adds up to what there was', () => {
    const self = driven({ tracesPerSecond: 20 });
    let estimated = 0;
    for (let i = 0; i < 60_000; i += 1) {
      self.nowMs += 1;
      const th = self
        .root(`operation ${'abc'[i % 3]}`)
        .traceState?.get('ot')
        ?.slice(3);
      if (th !== undefined) estimated += 2 ** 56 / (2 ** 56 - Number.parseInt(th.padEnd(14, '0'), 16));
    }
    expect(estimated / 60_000).toBeCloseTo(1, 1);
  });
});

describe('parents', () => {
  const child = (sampler: AdaptiveSampler, parent: SpanContext) =>
    sampler.shouldSample(trace.setSpanContext(ROOT_CONTEXT, parent), parent.traceId, 'x', SpanKind.SERVER, {});

  test('are followed, local ones without another look', () => {
    const { sampler } = driven({ tracesPerSecond: 1 });
    expect(child(sampler, remote(true, 'c')).decision).toBe(2);
    expect(child(sampler, remote(false)).decision).toBe(0);
    expect(child(sampler, { ...remote(true, 'c'), isRemote: false })).toEqual({ decision: 2 });
    expect(sampler.describe().followed).toEqual({ kept: 1, dropped: 1 });
  });

  test('that carry no threshold are counted', () => {
    const { sampler } = driven();
    child(sampler, remote(true));
    child(sampler, remote(true, 'c'));
    expect(sampler.describe().fallbacks.parent_without_threshold).toBe(1);
  });

  test('that are sampled are paid from the budget', () => {
    const self = driven({ tracesPerSecond: 100, coverageMs: 0 });
    const mixed = (): number => {
      let kept = 0;
      for (let second = 0; second < 30; second += 1) {
        for (let i = 0; i < 60; i += 1) child(self.sampler, remote(true, 'c'));
        kept += self.run('own', 500, 1);
      }
      return kept;
    };
    mixed();
    expect(mixed() / 30).toBeCloseTo(40, -1);
  });

  test('an invalid parent is none', () => {
    const { sampler } = driven();
    child(sampler, { ...remote(false), spanId: '0'.repeat(16) });
    expect(sampler.describe().seen).toBe(1);
  });
});

describe('rules', () => {
  const rules: AdaptiveSamplerConfig['rules'] = [
    { route: '/health', keep: 'never' },
    { attribute: { key: 'debug', value: true }, keep: 'always' },
    { name: 'assets', route: '/assets/*', keep: { budget: 5 } },
    { kind: SpanKind.CONSUMER, keep: 'never' },
  ];
  const at = (path: string, more: Attributes = {}): Attributes => ({ 'url.path': path, ...more });

  test('never and always hold from the first trace on', () => {
    const self = driven({ tracesPerSecond: 1, rules });
    self.run('busy', 5000, 5);
    for (let i = 0; i < 50; i += 1) {
      expect(self.root('x', at('/health')).decision).toBe(0);
      expect(self.root('x', at('/health?probe=1')).decision).toBe(0);
      expect(self.root('x', at('/other'), SpanKind.CONSUMER).decision).toBe(0);
      expect(self.root('x', at('/other', { debug: true })).traceState?.get('ot')).toBe('th:0');
    }
    expect(self.sampler.describe().rules.map(({ name, seen, kept }) => [name, seen, kept])).toEqual([
      ['/health', 100, 0],
      ['debug', 50, 50],
      ['assets', 0, 0],
      ['kind 4', 50, 0],
    ]);
  });

  test('a budget of its own neither takes from the others nor gives to them', () => {
    const self = driven({ tracesPerSecond: 50, rules, coverageMs: 0 });
    const counts = { assets: 0, other: 0 };
    for (let i = 0; i < 60_000; i += 1) {
      self.nowMs += 1;
      if (self.root('x', at('/assets/logo')).decision === 2 && i >= 30_000) counts.assets += 1;
      if (self.root('x', at('/other')).decision === 2 && i >= 30_000) counts.other += 1;
    }
    expect(counts.assets / 30).toBeGreaterThan(4);
    expect(counts.assets / 30).toBeLessThan(6);
    expect(counts.other / 30).toBeGreaterThan(45);
    expect(counts.other / 30).toBeLessThan(55);
  });
});

describe('settings at run time', () => {
  test('a new budget holds within seconds, and what is known of the keys stays', () => {
    const self = driven({ tracesPerSecond: 100 });
    self.run('x', 20_000, 20);
    const { seen } = self.sampler.describe();
    expect(self.sampler.update({ tracesPerSecond: 10 })).toBe(true);
    expect(self.sampler.describe()).toMatchObject({ budget: 10, unit: 'traces', seen });
    self.run('x', 3000, 3);
    const perSecond = self.run('x', 20_000, 20) / 20;
    expect(perSecond).toBeGreaterThan(8);
    expect(perSecond).toBeLessThan(12);
  });

  test('every setting can be changed; a bad one is refused and changes nothing', () => {
    const self = driven({ tracesPerSecond: 100 });
    self.run('x', 1000, 1);
    const changes: AdaptiveSamplerConfig[] = [
      { spansPerSecond: 50 },
      { tracesPerSecond: 20 },
      { maxKeys: 16 },
      { uniformity: 0 },
      { coverageMs: 0 },
      { coverageShare: 0.5 },
      { planIntervalMs: 500 },
      { smoothingMs: 1000 },
      { metricKeys: 0 },
      { key: () => 'all' },
      { rules: [{ keep: 'never' }] },
    ];
    for (const change of changes) expect([change, self.sampler.update(change)]).toEqual([change, true]);
    expect(self.root('x').decision).toBe(0);
    expect(self.sampler.update({ tracesPerSecond: -1 })).toBe(false);
    expect(self.sampler.update(null as never)).toBe(true);
    expect(self.sampler.describe()).toMatchObject({ budget: 20, fallbacks: { update_refused: 1 } });
  });

  test('a table that shrinks keeps the busiest keys and forgets no count', () => {
    const self = driven({ tracesPerSecond: 1000, maxKeys: 64 });
    for (let i = 0; i < 2000; i += 1) {
      self.nowMs += 1;
      self.root(`operation ${String.fromCharCode(97 + (i % 40))}`);
      if (i % 2 === 0) self.root('busiest');
    }
    self.nowMs += 1000;
    expect(self.sampler.update({ maxKeys: 16 })).toBe(true);
    expect(self.sampler.describe().seen).toBe(3000);
    expect(keyOf(self.sampler, 'busiest')?.seen).toBe(1000);
    expect(self.sampler.describe().keys.length).toBeLessThanOrEqual(16);
  });
});

describe('what goes wrong', () => {
  test('a key function that throws or returns nonsense is counted, and the default key taken', () => {
    const answers = [
      () => {
        throw new Error('broken');
      },
      () => 42 as never,
      () => undefined,
      () => 'mine',
    ];
    let n = 0;
    const self = driven({ key: () => answers[n++ % 4]?.() });
    for (let i = 0; i < 8; i += 1) self.root('operation');
    expect(self.sampler.describe().fallbacks).toMatchObject({ key_threw: 2, key_invalid: 2 });
    expect(keyOf(self.sampler, 'operation')?.seen).toBe(6);
    expect(keyOf(self.sampler, 'mine')?.seen).toBe(2);
  });

  test('a key function with a new key each time costs neither memory nor the budget', () => {
    let n = 0;
    const self = driven({ tracesPerSecond: 50, maxKeys: 64, key: () => `key ${n++}` });
    self.run('x', 20_000, 10);
    const kept = self.run('x', 40_000, 20);
    expect(self.sampler.describe().keys.length).toBeLessThanOrEqual(64 + 32);
    expect(kept / 20).toBeGreaterThan(42);
    expect(kept / 20).toBeLessThan(58);
  });

  test.each([
    ['jumps back an hour', -3_600_000],
    ['jumps forward an hour', 3_600_000],
  ])('a clock that %s costs seconds, not the budget', (_, jump) => {
    const self = driven({ tracesPerSecond: 50 });
    self.run('x', 20_000, 20);
    self.nowMs += jump;
    const atOnce = self.run('x', 1000, 1);
    expect(atOnce).toBeLessThan(200);
    self.run('x', 5000, 5);
    const perSecond = self.run('x', 20_000, 20) / 20;
    expect(perSecond).toBeGreaterThan(40);
    expect(perSecond).toBeLessThan(60);
  });

  test('a clock that stands still for 30 s of traffic keeps less, and recovers', () => {
    const self = driven({ tracesPerSecond: 50 });
    self.run('x', 20_000, 20);
    let kept = 0;
    for (let i = 0; i < 30_000; i += 1) kept += self.root('x').decision === 2 ? 1 : 0;
    expect(kept).toBeLessThan(30 * 50);
    self.run('x', 10_000, 10);
    const perSecond = self.run('x', 20_000, 20) / 20;
    expect(perSecond).toBeGreaterThan(40);
    expect(perSecond).toBeLessThan(60);
  });

  test('a clock that throws reaches nobody', () => {
    let isBroken = false;
    const sampler = new AdaptiveSampler(
      {},
      {
        now: () => {
          if (isBroken) throw new Error('no time');
          return 0;
        },
        every: () => () => {},
      },
    );
    isBroken = true;
    expect(sampler.shouldSample(ROOT_CONTEXT, 'f'.repeat(32), 'x', SpanKind.SERVER, {})).toEqual({ decision: 0 });
    expect(sampler.describe().fallbacks.internal_error).toBeGreaterThan(0);
  });

  test('names of any kind are keys, and shown without control characters', () => {
    const self = driven();
    for (const name of ['__proto__', 'constructor', 'a\u0000b', 'lone \uD800', 'x'.repeat(100_000), '', 7 as never]) {
      expect(self.root(name).decision).toBe(2);
    }
    for (const { key } of self.sampler.describe().keys) {
      expect(key).not.toMatch(/\p{Cc}|\p{Cs}/u);
      expect(key.length).toBeLessThan(600);
    }
    expect(keyOf(self.sampler, '__proto__')?.seen).toBe(1);
  });
});

test('the timer rests while there is no traffic, and ends with the processor', async () => {
  const self = driven();
  expect(self.timers).toBe(0);
  self.root('x');
  expect(self.timers).toBe(1);
  await self.sampler.spanProcessor().shutdown();
  expect(self.timers).toBe(0);
  self.root('x');
  expect(self.timers).toBe(0);
});

test('works below the parent-threshold sampler of sampler-composite, and its thresholds agree with ours', () => {
  const self = driven({ tracesPerSecond: 10, coverageMs: 0 });
  self.run('x', 10_000, 10);
  const composite = createCompositeSampler(createComposableParentThresholdSampler(self.sampler));
  const nextId = traceIds();
  const states = new Set<string | undefined>();
  for (let i = 0; i < 500; i += 1) {
    const traceId = nextId();
    const result = composite.shouldSample(ROOT_CONTEXT, traceId, 'x', SpanKind.SERVER, {}, []);
    if (result.decision !== 2) continue;
    states.add(result.traceState?.get('ot'));
    // What it kept, a child of ours keeps, with the same threshold.
    const parent = { ...remote(true), traceId, traceState: result.traceState as never };
    const context = trace.setSpanContext(ROOT_CONTEXT, parent);
    expect(self.sampler.shouldSample(context, traceId, 'y', SpanKind.SERVER, {})).toEqual({ decision: 2 });
  }
  expect([...states][0]).toMatch(/^th:f[0-9a-f]+$/);
  expect(self.sampler.describe().kept).toBeGreaterThan(0);
});
