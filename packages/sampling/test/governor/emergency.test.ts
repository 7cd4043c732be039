import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { probabilityOf } from '../../src/index.ts';
import { type Driven, driven } from '../driven-sampler.ts';

function membersOf(self: Driven, name: string, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => self.root(name))
    .filter(({ decision }) => decision === 2)
    .map(({ traceState }) => traceState?.get('ot'));
}

describe('in an emergency', () => {
  test('one trace in a hundred is kept, at the threshold that says so, and all of them again afterwards', () => {
    const self = driven({ tracesPerSecond: 1e6, coverageMs: 0 });
    expect(membersOf(self, 'x', 1000)).toHaveLength(1000);
    self.sampler.emergency = true;
    const members = membersOf(self, 'x', 10_000);
    expect(members.length).toBeGreaterThan(95);
    expect(members.length).toBeLessThan(105);
    expect(new Set(members)).toEqual(new Set(['th:fd70a']));
    self.sampler.emergency = false;
    expect(membersOf(self, 'x', 1000)).toEqual(Array(1000).fill('th:0'));
  });

  test.each([
    ['always', { keep: 'always' }, 0.01],
    ['a half', { keep: { probability: 0.5 } }, 0.01],
    ['a thousandth', { keep: { probability: 0.001 } }, 0.001],
    ['a budget of its own', { keep: { budget: 1e6 } }, 0.01],
    ['never', { keep: 'never' }, 0],
  ] as const)('a rule that keeps %s keeps no more', (_, rule, probability) => {
    const self = driven({ rules: [rule] });
    const before = membersOf(self, 'x', 1000);
    self.sampler.emergency = true;
    const members = membersOf(self, 'x', 20_000);
    expect(Math.abs(members.length - 20_000 * probability)).toBeLessThan(5);
    for (const member of members) {
      const th = Number.parseInt((member ?? '').slice(3).padEnd(12, '0'), 16);
      expect(probabilityOf(th)).toBeCloseTo(probability, 5);
    }
    self.sampler.emergency = false;
    expect(new Set(membersOf(self, 'x', 1000))).toEqual(new Set(before));
  });

  test('the promise to rare keys waits its turn', () => {
    const self = driven({ tracesPerSecond: 1, coverageMs: 10_000, coverageShare: 1 });
    self.run('busy', 20_000, 20);
    self.sampler.emergency = true;
    const kept = Array.from({ length: 50 }, (_, i) => {
      self.nowMs += 11_000;
      return membersOf(self, `rare ${i}`, 20);
    }).flat();
    expect(kept.length).toBeLessThan(30);
    expect(kept).not.toContain('th:0');
  });

  test('parents are followed, and what a composite sampler is told is the same threshold', () => {
    const self = driven({ rules: [{ keep: 'always' }] });
    self.sampler.emergency = true;
    const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
    const below = trace.setSpanContext(ROOT_CONTEXT, parent);
    expect(self.sampler.shouldSample(below, parent.traceId, 'x', SpanKind.SERVER, {}).decision).toBe(2);
    const { threshold } = self.sampler.getSamplingIntent(ROOT_CONTEXT, '1'.repeat(32), 'x', SpanKind.SERVER, {});
    expect(threshold.toString(16)).toBe('fd70a000000000');
    expect(self.sampler.emergency).toBe(true);
  });
});
