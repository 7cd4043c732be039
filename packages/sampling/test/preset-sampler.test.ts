import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { PRESETS, type PresetName, presetSampler } from '../src/index.ts';
import { traceIds } from './driven-sampler.ts';

/** Kept of 5,000 traces within 5 s. */
function kept(name: PresetName, path: string): number {
  let nowMs = 0;
  const sampler = presetSampler(name, {}, { now: () => nowMs, every: () => () => {} });
  const nextId = traceIds();
  let count = 0;
  for (let i = 0; i < 5000; i += 1) {
    nowMs += 1;
    const attributes = { 'http.request.method': 'GET', 'url.path': path };
    if (sampler.shouldSample(ROOT_CONTEXT, nextId(), 'GET', SpanKind.SERVER, attributes).decision === 2) count += 1;
  }
  return count;
}

test('each preset works and keeps what it says', () => {
  expect(Object.keys(PRESETS)).toEqual(['production', 'development', 'cost-saver', 'debug', 'minimal']);
  expect([kept('development', '/a'), kept('debug', '/a'), kept('debug', '/healthz')]).toEqual([5000, 5000, 5000]);
  for (const name of ['production', 'development', 'cost-saver', 'minimal'] as const) {
    expect([name, kept(name, '/healthz')]).toEqual([name, 0]);
  }
  expect(kept('production', '/a')).toBeGreaterThan(30);
  expect(kept('production', '/a')).toBeLessThan(90);
  expect(kept('cost-saver', '/a')).toBeLessThan(30);
});

test('what is given replaces what the preset says', () => {
  expect(presetSampler('production', { tracesPerSecond: 3 }).toString()).toBe('AdaptiveSampler{3 traces/s}');
  expect(presetSampler('production', { spansPerSecond: 30 }).toString()).toBe('AdaptiveSampler{30 spans/s}');
});

test('a budget replaces the rule that keeps everything, and no other', () => {
  const rules = presetSampler('development', { tracesPerSecond: 3 }).describe().rules;
  expect(rules.map(({ name }) => name)).not.toContain('everything');
  expect(rules.map(({ name }) => name)).toContain('/healthz, kind 1');
});

test.each([null, 5, 'x', [], { tracesPersecond: 1 }])('%j are no options', (config) => {
  expect(() => presetSampler('production', config as never)).toThrow(/^presetSampler: /);
});

test.each(['', 'Production', '__proto__', 'constructor', undefined])('%s is no preset', (name) => {
  expect(() => presetSampler(name as PresetName)).toThrow(
    /^presetSampler: name must be one of production, development, cost-saver, debug, minimal, got /,
  );
});
