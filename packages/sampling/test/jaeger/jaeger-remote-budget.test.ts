import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import fc from 'fast-check';
import { AdaptiveSampler, type AdaptiveSamplerConfig, JaegerRemoteBudget } from '../../src/index.ts';
import { parseStrategy } from '../../src/jaeger/strategy.ts';
import { driven } from '../driven-sampler.ts';
import { runs } from '../seed.ts';
import { JaegerServer } from './jaeger-server.ts';

const server = new JaegerServer();
let endpoint = '';
const open: JaegerRemoteBudget[] = [];

beforeAll(async () => {
  endpoint = await server.start();
});
afterEach(() => {
  for (const budget of open.splice(0)) budget.shutdown();
});
afterAll(() => server.stop());

/** A sampler that has been answered once. */
async function following(config: AdaptiveSamplerConfig = {}, timeoutMs = 10_000) {
  const self = driven(config);
  const budget = new JaegerRemoteBudget({ sampler: self.sampler, serviceName: 'a&b', endpoint, timeoutMs });
  open.push(budget);
  await budget.poll();
  return { ...self, self, budget };
}

const PER_OPERATION = {
  strategyType: 'PROBABILISTIC',
  operationSampling: {
    defaultSamplingProbability: 0.001,
    defaultLowerBoundTracesPerSecond: 0.5,
    perOperationStrategies: [
      { operation: 'busy', probabilisticSampling: { samplingRate: 0.25 } },
      { operation: 'GET /users/:id', probabilisticSampling: { samplingRate: 0.125 } },
      { operation: '__proto__', probabilisticSampling: { samplingRate: 0.5 } },
    ],
  },
};

test('asks for the service by its name', async () => {
  server.strategy({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 1 } });
  await following();
  expect(server.asked.at(-1)).toBe('/sampling?service=a%26b');
});

test('keeps each operation with its probability, and says so', async () => {
  server.strategy(PER_OPERATION);
  const { self } = await following({ tracesPerSecond: 1 });
  expect(self.run('busy', 8000, 8) / 8000).toBeCloseTo(0.25, 2);
  const attributes = [];
  for (let i = 0; i < 1000; i += 1) {
    const { decision, attributes: said } = self.root('busy');
    if (decision === 2) attributes.push(said);
  }
  expect(attributes.length).toBeGreaterThan(200);
  for (const said of attributes) expect(said).toEqual({ 'sampler.type': 'probabilistic', 'sampler.param': 0.25 });
});

test('keeps an operation that is rare or unknown at least as often as the lower bound says, with the true threshold', async () => {
  server.strategy(PER_OPERATION);
  const { self } = await following({ tracesPerSecond: 1 });
  self.run('other', 2000, 20);
  const kept = self.run('other', 4000, 40);
  expect(kept).toBeGreaterThan(15);
  expect(kept).toBeLessThan(30);
  const types = new Map<unknown, number>();
  for (let i = 0; i < 4000; i += 1) {
    self.nowMs += 10;
    const { decision, attributes, traceState } = self.root('other');
    if (decision !== 2) continue;
    expect(attributes?.['sampler.param']).toBe(0.001);
    // One in 200, not the one in 1000 that Jaeger gave.
    expect(traceState?.get('ot')).toMatch(/^th:f(e|d|f[0-9a])/);
    types.set(attributes?.['sampler.type'], (types.get(attributes?.['sampler.type']) ?? 0) + 1);
  }
  expect([...types.keys()].sort()).toEqual(['lowerbound', 'probabilistic']);
});

test('a rate limit is a budget, shared among keys as always', async () => {
  server.strategy({ strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond: 20 } });
  const { self, sampler } = await following({ tracesPerSecond: 1, coverageMs: 0 });
  expect(sampler.describe().lease).toBe(20);
  self.run('busy', 5000, 5);
  const kept = self.run('busy', 20_000, 20);
  expect(kept / 20).toBeGreaterThan(17);
  expect(kept / 20).toBeLessThan(23);
  expect(self.sampler.describe().keys[0]?.key).toBe('busy');
});

test.each([
  ['a rate limit of 0', { strategyType: 1, rateLimitingSampling: { maxTracesPerSecond: 0 } }],
  ['a probability of 0', { strategyType: 0, probabilisticSampling: { samplingRate: 0 } }],
  ['an empty list of operations', { operationSampling: { perOperationStrategies: [] } }],
])('%s keeps nothing', async (_, strategy) => {
  server.strategy(strategy);
  const { self } = await following();
  expect(self.run('busy', 500, 5)).toBe(0);
});

test('a setting that changes later does not end what Jaeger said, and rules go before it', async () => {
  server.strategy({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.5 } });
  const { self, sampler } = await following();
  sampler.update({ rules: [{ route: 'health', keep: 'never' }] });
  expect(self.run('busy', 4000, 4) / 4000).toBeCloseTo(0.5, 2);
  expect(self.run('health', 100, 1)).toBe(0);
});

describe('answers that are of no use change nothing and are counted', () => {
  const huge = (response: { write(text: string): boolean; end(): void }): void => {
    for (let i = 0; i < 40; i += 1) response.write(' '.repeat(50_000));
    response.end();
  };
  test.each([
    ['nothing', (r) => r.end()],
    ['no JSON', (r) => r.end('<html>')],
    ['null', (r) => r.end('null')],
    ['an empty object', (r) => r.end('{}')],
    ['a number', (r) => r.end('5')],
    ['status 500', (r) => r.writeHead(500).end('{}')],
    ['a redirection', (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['too much', huge],
    ['silence', () => {}],
    ['half an answer', (r) => r.writeHead(200, { 'content-length': '100' }).write('{"strategyType"')],
    ['a broken connection', (r) => r.destroy()],
    ['a probability of 2', (r) => r.end('{"probabilisticSampling":{"samplingRate":2}}')],
    ['a probability of "1"', (r) => r.end('{"probabilisticSampling":{"samplingRate":"1"}}')],
    ['operations that are none', (r) => r.end('{"operationSampling":{"perOperationStrategies":[null]}}')],
    ['an unknown type', (r) => r.end('{"strategyType":"X","probabilisticSampling":{}}')],
  ] as [string, JaegerServer['answer']][])('%s', async (_, answer) => {
    server.strategy({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.25 } });
    const { self, budget } = await following({}, 2000);
    expect(budget.failures).toBe(0);
    server.answer = answer;
    await budget.poll();
    expect(budget.failures).toBe(1);
    expect(self.run('busy', 4000, 4) / 4000).toBeCloseTo(0.25, 2);
  });
});

test('any JSON is a strategy or is refused', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        const p = parseStrategy(text).probabilityOf('a', 1);
        expect(p === undefined || (p >= 0 && p <= 1)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    runs(300),
  );
});

test('asks no more after its end, and the sampler goes on as it was told', async () => {
  server.strategy({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.25 } });
  const { self, budget } = await following();
  budget.shutdown();
  const before = server.asked.length;
  await budget.poll();
  expect([server.asked.length, budget.failures]).toEqual([before, 0]);
  expect(self.run('busy', 4000, 4) / 4000).toBeCloseTo(0.25, 2);
});

test('its questions are asked where tracing is suppressed', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const key = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
  const seen: unknown[] = [];
  const { subscribe, unsubscribe } = await import('node:diagnostics_channel');
  const listener = (): unknown => seen.push(context.active().getValue(key));
  subscribe('http.client.request.start', listener);
  try {
    server.strategy({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 1 } });
    await context.with(ROOT_CONTEXT, () => following());
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set([true]));
  } finally {
    unsubscribe('http.client.request.start', listener);
    context.disable();
  }
});

test.each([
  [{ serviceName: '' }, 'serviceName must be a text'],
  [{ endpoint: 'nowhere' }, 'endpoint must be a http or https URL'],
  [{ endpoint: 'file:///etc/passwd' }, 'endpoint must be a http or https URL'],
  [{ pollIntervalMs: 99 }, 'pollIntervalMs must be a number from 100 to 3600000, got 99'],
  [{ timeoutMs: Number.NaN }, 'timeoutMs must be a number from 10 to 60000, got NaN'],
  [{ sampler: {} }, 'sampler must be an AdaptiveSampler'],
])('%p is refused with a sentence', (changes, message) => {
  const good = { sampler: new AdaptiveSampler(), serviceName: 'a', endpoint };
  expect(() => new JaegerRemoteBudget({ ...good, ...changes } as never)).toThrow(message);
});
