import { DEFAULTS, resolveConfig } from '../src/config.ts';
import { IpcInstrumentation } from '../src/instrumentation.ts';

test('nothing given: the defaults', () => {
  expect(resolveConfig()).toEqual(DEFAULTS);
  expect(resolveConfig({ spans: undefined, slowThresholdMs: undefined } as never)).toEqual(DEFAULTS);
  expect(resolveConfig({ enabled: false })).toEqual(DEFAULTS);
});

test.each([0, 0.5, 3_600_000, Number.POSITIVE_INFINITY])('slowThresholdMs may be %p', (slowThresholdMs) => {
  expect(resolveConfig({ slowThresholdMs }).slowThresholdMs).toBe(slowThresholdMs);
});

const RULE = 'must be a number of milliseconds from 0 to 3600000, or Infinity, got';
test.each([
  [-1, RangeError, `IpcInstrumentation: slowThresholdMs ${RULE} -1`],
  [3_600_001, RangeError, `IpcInstrumentation: slowThresholdMs ${RULE} 3600001`],
  [Number.NaN, RangeError, `IpcInstrumentation: slowThresholdMs ${RULE} NaN`],
  ['100', TypeError, `IpcInstrumentation: slowThresholdMs ${RULE} '100'`],
  [null, TypeError, `IpcInstrumentation: slowThresholdMs ${RULE} null`],
])('slowThresholdMs %p is refused', (slowThresholdMs, kind, message) => {
  const refused = (): unknown => resolveConfig({ slowThresholdMs } as never);
  expect(refused).toThrow(kind);
  expect(refused).toThrow(message);
});

test.each(['threads', 'processes', 'sockets', 'sharedMemory', 'spans'])('%s must be true or false', (option) => {
  expect(resolveConfig({ [option]: true })).toMatchObject({ [option]: true });
  expect(resolveConfig({ [option]: false })).toMatchObject({ [option]: false });
  expect(() => resolveConfig({ [option]: 1 })).toThrow(`IpcInstrumentation: ${option} must be true or false, got 1`);
});

test('an option that does not exist is refused, at construction', () => {
  expect(() => new IpcInstrumentation({ thread: true } as never)).toThrow(
    'IpcInstrumentation: "thread" is not an option; there are',
  );
  expect(() => new IpcInstrumentation([] as never)).toThrow(TypeError);
  expect(() => new IpcInstrumentation({ enabled: 'x' } as never)).toThrow(
    new TypeError("IpcInstrumentation: enabled must be true or false, got 'x'"),
  );
});
