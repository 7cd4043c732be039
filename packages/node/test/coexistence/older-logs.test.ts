import { registerOlderLogs } from '../../src/coexistence/older-logs.ts';

const KEY = Symbol.for('io.opentelemetry.js.api.logs');
const globals = globalThis as { [KEY]?: (version: number) => unknown };

describe('the logger provider for @opentelemetry/api-logs', () => {
  const provider = { getLogger: () => ({ emit() {} }) };
  beforeEach(() => {
    jest.useFakeTimers();
    delete globals[KEY];
  });
  afterEach(() => {
    jest.useRealTimers();
    delete globals[KEY];
  });

  it('is registered after a second in which the application has not registered its own', () => {
    registerOlderLogs(provider, true);
    jest.advanceTimersByTime(999);
    expect(globals[KEY]).toBeUndefined();
    jest.advanceTimersByTime(1);
    expect(globals[KEY]?.(1)).toBe(provider);
  });

  it('leaves that of the application alone', () => {
    registerOlderLogs(provider, true);
    const theirs = (): string => 'theirs';
    globals[KEY] = theirs;
    jest.advanceTimersByTime(5000);
    expect(globals[KEY]).toBe(theirs);
  });

  it('is not registered any more once it is taken back', () => {
    registerOlderLogs(provider, true)();
    jest.advanceTimersByTime(5000);
    expect(globals[KEY]).toBeUndefined();
  });
});
