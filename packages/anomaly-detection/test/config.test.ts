import { resolveConfig } from '../src/config.ts';
import { createAnomalyDetection, DEFAULTS } from '../src/index.ts';

test('without options the defaults hold', () => {
  expect(resolveConfig()).toEqual({ ...DEFAULTS, onAnomaly: undefined });
});

test.each([
  ['intervalMs', 100, 99],
  ['intervalMs', 3_600_000, 3_600_001],
  ['threshold', 1000, 1001],
  ['threshold', 0.01, 0],
  ['maxSeries', 1, 0],
  ['maxOperations', 100_000, 100_001],
  ['warmUpMs', 0, -1],
  ['maxPerHour', 1, 0],
] as const)('%s may be %p and not %p', (option, good, bad) => {
  expect(resolveConfig({ [option]: good })).toMatchObject({ [option]: good });
  expect(() => resolveConfig({ [option]: bad })).toThrow(RangeError);
  expect(() => resolveConfig({ [option]: bad })).toThrow(`createAnomalyDetection: ${option} must be a number`);
  expect(() => resolveConfig({ [option]: Number.NaN })).toThrow(TypeError);
});

test.each([
  [{ interval: 5 }, '"interval" is not an option; there are intervalMs, threshold'],
  [{ hotMetrics: 'yes' }, "hotMetrics must be one of auto, always, never, got 'yes'"],
  [{ statePath: 7 }, 'statePath must be a path, or empty for none, got 7'],
  [{ onAnomaly: 7 }, 'onAnomaly must be a function, got 7'],
  [{ watchEvents: 'no' }, "watchEvents must be true or false, got 'no'"],
])('%p is refused in words', (config, message) => {
  expect(() => createAnomalyDetection(config as never)).toThrow(message);
});
