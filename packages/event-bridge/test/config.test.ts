import { createEventStream } from '@sonde/event-stream';
import { DEFAULTS, resolveConfig } from '../src/config.ts';
import type { EventLogBridgeConfig } from '../src/types.ts';

const stream = createEventStream({ slots: 1024 });

test('what is not given is the default', () => {
  expect(resolveConfig({ stream })).toEqual({ ...DEFAULTS, stream, loggerProvider: undefined });
  expect(resolveConfig({ stream, burst: undefined } as never).burst).toBe(DEFAULTS.burst);
});

const bounds: [keyof EventLogBridgeConfig, number, number, string][] = [
  ['minSeverity', 1, 24, 'an integer from 1 to 24'],
  ['foldWindowMs', 0, 3_600_000, 'a number from 0 to 3600000'],
  ['maxOpenFolds', 1, 100_000, 'an integer from 1 to 100000'],
  ['logsPerSecond', Number.MIN_VALUE, 1_000_000, 'a number above 0, at most 1000000'],
  ['burst', 1, 1_000_000, 'a number from 1 to 1000000'],
  ['intervalMs', 10, 60_000, 'a number from 10 to 60000'],
];

test.each(bounds)('%s takes its first and its last good value and refuses the next ones', (option, min, max, rule) => {
  expect(resolveConfig({ stream, [option]: min })).toHaveProperty(option, min);
  expect(resolveConfig({ stream, [option]: max })).toHaveProperty(option, max);
  for (const bad of [min === Number.MIN_VALUE ? 0 : min - 1, max + 1, Number.NaN, '5']) {
    expect(() => resolveConfig({ stream, [option]: bad })).toThrow(
      `EventLogBridge: ${option} must be ${rule}, got ${String(bad)}`,
    );
  }
});

test.each(['minSeverity', 'maxOpenFolds'])('%s must be whole', (option) => {
  expect(() => resolveConfig({ stream, [option]: 1.5 })).toThrow(RangeError);
});

test('names, provider and clock are checked by kind', () => {
  expect(() => resolveConfig({ stream, excludedEvents: 'x' as never })).toThrow(
    'EventLogBridge: excludedEvents must be a list of event names, got x',
  );
  expect(() => resolveConfig({ stream, loggerProvider: {} as never })).toThrow(
    'EventLogBridge: loggerProvider must have a getLogger method',
  );
  expect(() => resolveConfig({ stream, now: 5 as never })).toThrow('EventLogBridge: now must be a function, got 5');
});
