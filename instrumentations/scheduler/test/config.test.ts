import { BLOCKED_LOOP_DEFAULTS, DEFAULTS, resolveConfig } from '../src/config.ts';
import { SchedulerInstrumentation } from '../src/instrumentation.ts';
import type { SchedulerInstrumentationConfig } from '../src/types.ts';

test('nothing given: the defaults', () => {
  expect(resolveConfig()).toEqual({ ...DEFAULTS, blockedLoop: BLOCKED_LOOP_DEFAULTS });
  expect(resolveConfig({ longTurnMs: undefined } as never)).toEqual(resolveConfig({}));
});

test('blockedLoop is on, off, or on with options', () => {
  const onBlockedLoop = () => undefined;
  expect(resolveConfig({ blockedLoop: true }).blockedLoop).toEqual(BLOCKED_LOOP_DEFAULTS);
  expect(resolveConfig({ blockedLoop: false }).blockedLoop).toBeUndefined();
  expect(resolveConfig({ blockedLoop: { thresholdMs: 20, onBlockedLoop } }).blockedLoop).toEqual({
    ...BLOCKED_LOOP_DEFAULTS,
    thresholdMs: 20,
    onBlockedLoop,
  });
});

const HOUR = 3_600_000;
const RANGES: [string, number, number][] = [
  ['longTurnMs', 1, HOUR],
  ['maxLongTurns', 1, 10_000],
  ['gcPauseMs', 1, HOUR],
  ['poolWaitMs', 1, HOUR],
  ['windowMs', 1_000, HOUR],
  ['maxThreads', 1, 4_096],
  ['blockedLoop.thresholdMs', 20, HOUR],
  ['blockedLoop.stacksPerMinute', 0.1, 600],
  ['blockedLoop.burst', 1, 100],
  ['blockedLoop.maxFrames', 1, 100],
];

function withOption(option: string, value: unknown): SchedulerInstrumentationConfig {
  const [name, inner] = option.split('.') as [string, string?];
  return (inner === undefined ? { [name]: value } : { [name]: { [inner]: value } }) as SchedulerInstrumentationConfig;
}

describe.each(RANGES)('%s', (option, min, max) => {
  test('takes its first and its last good value', () => {
    for (const value of [min, max]) expect(() => resolveConfig(withOption(option, value))).not.toThrow();
  });

  test.each([[min - 0.01], [max + 1], [-1], [Number.POSITIVE_INFINITY]])('refuses %p', (value) => {
    const act = () => resolveConfig(withOption(option, value));
    expect(act).toThrow(RangeError);
    expect(act).toThrow(`SchedulerInstrumentation: ${option} must be`);
    expect(act).toThrow(`from ${min} to ${max}, got ${value}`);
  });

  test.each([[Number.NaN], ['100'], [null], [{}], [[]], [true], [10n], [Symbol('x')]])('refuses %p', (value) => {
    expect(() => resolveConfig(withOption(option, value))).toThrow(TypeError);
  });
});

test.each(['maxLongTurns', 'maxThreads', 'blockedLoop.burst', 'blockedLoop.maxFrames'])(
  '%s must be an integer',
  (option) => {
    expect(() => resolveConfig(withOption(option, 2.5))).toThrow(/must be an integer .*, got 2.5/);
  },
);

test.each(['eventLoop', 'garbageCollection', 'operatingSystem', 'pool', 'poolProbe'])(
  '%s is true or false',
  (option) => {
    expect(() => resolveConfig(withOption(option, 'yes'))).toThrow(
      `SchedulerInstrumentation: ${option} must be true or false, got 'yes'`,
    );
  },
);

test('blockedLoop and its callback have types too', () => {
  for (const value of ['on', 250, null]) {
    expect(() => resolveConfig({ blockedLoop: value as never })).toThrow(
      /blockedLoop must be true, false or an object of options, got/,
    );
  }
  expect(() => resolveConfig({ blockedLoop: { onBlockedLoop: 'log' as never } })).toThrow(
    "SchedulerInstrumentation: blockedLoop.onBlockedLoop must be a function, got 'log'",
  );
});

test('the instrumentation throws at construction, before it observes anything', () => {
  expect(() => new SchedulerInstrumentation({ longTurnMs: 0 })).toThrow(RangeError);
});

test('options that were made bad later keep it off, and harm nobody', () => {
  const instrumentation = new SchedulerInstrumentation({ enabled: false });
  instrumentation.setConfig({ longTurnMs: -1 });
  expect(() => instrumentation.enable()).not.toThrow();
  expect(instrumentation.longTurns()).toEqual([]);
  instrumentation.disable();
});

test('options that are none are refused', () => {
  expect(() => resolveConfig({ longTurn: 5 } as never)).toThrow(
    'SchedulerInstrumentation: "longTurn" is not an option; there are enabled, eventLoop',
  );
  expect(() => resolveConfig({ blockedLoop: { threshold: 5 } } as never)).toThrow(
    'SchedulerInstrumentation: blockedLoop: "threshold" is not an option; there are thresholdMs',
  );
  expect(() => resolveConfig({ enabled: 'x' } as never)).toThrow(
    new TypeError("SchedulerInstrumentation: enabled must be true or false, got 'x'"),
  );
  expect(() => resolveConfig(null as never)).toThrow('SchedulerInstrumentation: the options must be an object');
});
