import { logs } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { globalLoggerProvider } from '../src/global-logger-provider.ts';

const OLDER = Symbol.for('io.opentelemetry.js.api.logs');

afterEach(() => {
  logs.disable();
  Reflect.deleteProperty(globalThis, OLDER);
});

test('there is none before one is registered, although the API has a stand-in', () => {
  expect(typeof logs.getLoggerProvider().getLogger).toBe('function');
  expect(globalLoggerProvider()).toBeUndefined();
});

test('the one registered with the API is found', () => {
  const provider = new LoggerProvider();
  logs.setGlobalLoggerProvider(provider);
  expect(globalLoggerProvider()).toBe(provider);
});

test('the one registered with @opentelemetry/api-logs is found', () => {
  const provider = new LoggerProvider();
  Object.assign(globalThis, { [OLDER]: (version: number) => (version === 1 ? provider : undefined) });
  expect(globalLoggerProvider()).toBe(provider);
});

test.each([null, 5, {}, () => undefined, () => ({})])('something else in that place (%p) is none', (value) => {
  Object.assign(globalThis, { [OLDER]: value });
  expect(globalLoggerProvider()).toBeUndefined();
});
