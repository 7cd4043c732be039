import { SpanKind } from '@opentelemetry/api';
import { driven } from '../driven-sampler.ts';

test('a lease moves the goal and forgets nothing; its end goes back to the configured budget', () => {
  const self = driven({ tracesPerSecond: 40, coverageMs: 0 });
  self.run('busy', 5000, 5);
  expect(self.sampler.lease(10)).toBe(true);
  const before = self.sampler.describe();
  expect([before.budget, before.lease, before.seen, before.keys[0]?.key]).toEqual([40, 10, 5000, 'busy']);
  self.run('busy', 5000, 5);
  expect(self.run('busy', 20_000, 20) / 20).toBeCloseTo(10, -0.5);
  self.sampler.lease(undefined);
  self.run('busy', 5000, 5);
  expect(self.run('busy', 20_000, 20) / 20).toBeCloseTo(40, -1);
  expect(self.sampler.describe().lease).toBeUndefined();
});

test('a lease outlives a change of settings', () => {
  const self = driven({ tracesPerSecond: 1000, coverageMs: 0 });
  self.sampler.lease(10);
  self.sampler.update({ maxKeys: 16 });
  self.run('busy', 5000, 5);
  expect(self.run('busy', 20_000, 20) / 20).toBeLessThan(13);
  expect(self.sampler.describe().lease).toBe(10);
});

test('a lease of 0 keeps next to nothing, and comes back to life', () => {
  const self = driven({ tracesPerSecond: 20, coverageMs: 0 });
  self.run('busy', 5000, 5);
  self.sampler.lease(0);
  self.run('busy', 5000, 5);
  expect(self.run('busy', 20_000, 20)).toBeLessThan(5);
  self.sampler.lease(20);
  self.run('busy', 10_000, 10);
  expect(self.run('busy', 20_000, 20) / 20).toBeCloseTo(20, -1);
});

test.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], [1.1e9], ['5']])('a lease of %p is refused', (lease) => {
  const self = driven({ tracesPerSecond: 20 });
  expect(self.sampler.lease(lease as number)).toBe(false);
  expect(self.sampler.describe().lease).toBeUndefined();
});

test('tells the 64 keys that cost most by name, the rest as one, and nothing of rules with budgets of their own', () => {
  const self = driven({ tracesPerSecond: 5, rules: [{ route: 'own', keep: { budget: 1 } }] });
  for (let i = 0; i < 100; i += 1) self.run(`key ${i}`, 10 + i, 0.1);
  self.run('own', 500, 1);
  for (let i = 0; i < 3000; i += 1) self.root('GET', { 'http.route': 'x', 'url.path': `/p${i}x` }, SpanKind.SERVER);
  self.run('key 0', 10, 1.1);
  const { keys, overflow, unit, budget } = self.sampler.demand();
  expect([unit, budget, keys.length]).toEqual(['traces', 5, 64]);
  expect(keys.some(({ name }) => name === 'own')).toBe(false);
  expect(overflow.rate).toBeGreaterThan(0);
  expect(overflow.keys).toBeGreaterThan(36);
  const costs = keys.map(({ cost }) => cost);
  expect(costs).toEqual([...costs].sort((a, b) => b - a));
});
