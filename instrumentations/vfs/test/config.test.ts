import { DEFAULTS, resolveConfig } from '../src/config.ts';
import type { VfsConfig } from '../src/types.ts';

test('what is left out, or undefined, gets its default', () => {
  const resolved = resolveConfig({ slowThresholdMs: undefined as never, enabled: false });
  expect(resolved).toEqual({ ...DEFAULTS, ignoreOperations: new Set() });
});

test.each<[VfsConfig]>([
  [{ slowThresholdMs: 0 }],
  [{ slowThresholdMs: Number.POSITIVE_INFINITY }],
  [{ slowQuantile: 0.0001 }],
  [{ slowQuantile: 0.9999 }],
  [{ syncSampling: 1 }],
  [{ syncSampling: 1000 }],
  [{ paths: 'none' }],
  [{ ignoreOperations: ['stat', 'dir.read', 'realpath.native'] }],
])('%j is the last good value', (config) => {
  expect(resolveConfig(config)).toMatchObject(
    config.ignoreOperations === undefined ? config : { ignoreOperations: new Set(config.ignoreOperations) },
  );
});

test.each<[object, unknown, string]>([
  [{ slowThresholdMs: -0.1 }, RangeError, 'slowThresholdMs must be a number of milliseconds >= 0, got -0.1'],
  [{ slowThresholdMs: Number.NaN }, RangeError, 'slowThresholdMs must be a number of milliseconds >= 0, got NaN'],
  [{ slowThresholdMs: '5' }, TypeError, "slowThresholdMs must be a number of milliseconds >= 0, got '5'"],
  [{ slowQuantile: 0 }, RangeError, 'slowQuantile must be between 0 and 1 (exclusive), got 0'],
  [{ slowQuantile: 1 }, RangeError, 'slowQuantile must be between 0 and 1 (exclusive), got 1'],
  [{ syncSampling: 0 }, RangeError, 'syncSampling must be a whole number from 1 to 1000, got 0'],
  [{ syncSampling: 1001 }, RangeError, 'syncSampling must be a whole number from 1 to 1000, got 1001'],
  [{ syncSampling: 1.5 }, RangeError, 'syncSampling must be a whole number from 1 to 1000, got 1.5'],
  [{ slowSpans: 1 }, TypeError, 'slowSpans must be true or false, got 1'],
  [{ paths: 'some' }, RangeError, "paths must be one of none, hashed, redacted, full, got 'some'"],
  [{ ignoreOperations: 'stat' }, TypeError, "ignoreOperations must be an array of operation names, got 'stat'"],
  [{ ignorePath: '/tmp' }, TypeError, "ignorePath must be a function, got '/tmp'"],
])('%j is refused', (config, type, message) => {
  expect(() => resolveConfig(config)).toThrow(type as never);
  expect(() => resolveConfig(config)).toThrow(`VfsInstrumentation: ${message}`);
});

test('an operation that does not exist is named, with those that do', () => {
  expect(() => resolveConfig({ ignoreOperations: ['stat', 'statt'] })).toThrow(
    /^VfsInstrumentation: ignoreOperations must be an array out of access, .*writev.*, got 'statt'$/,
  );
});

test.each([[null], [{ toString: null }], [Symbol('x')], [Object.create(null)]])(
  '%p as a value is refused with a message, too',
  (value) => {
    expect(() => resolveConfig({ slowThresholdMs: value as never })).toThrow(
      'VfsInstrumentation: slowThresholdMs must be',
    );
  },
);

test('options that are none are refused', () => {
  expect(() => resolveConfig({ slowTresholdMs: 5 } as VfsConfig)).toThrow(
    'VfsInstrumentation: "slowTresholdMs" is not an option; there are enabled, slowThresholdMs',
  );
  expect(() => resolveConfig({ enabled: 'x' } as never)).toThrow(
    new TypeError("VfsInstrumentation: enabled must be true or false, got 'x'"),
  );
  expect(() => resolveConfig(null as never)).toThrow('VfsInstrumentation: the options must be an object, got null');
});
