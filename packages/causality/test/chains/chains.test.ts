import { context, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { eventStream } from '@sonde/event-stream';
import { chainIdOf } from '../../src/chains/chain-id.ts';
import { currentChain, emitCausal, emitInChain, runInChain } from '../../src/index.ts';
import { definitionOf, lastEvent } from '../fixtures/events.ts';
import { startTracing } from '../fixtures/tracing.ts';

const EVENT = definitionOf('test.chains.event');
const tracing = startTracing();
const tracer = trace.getTracer('chains.test');
afterAll(() => tracing.stop());

function chainOfEmitted(): string {
  emitCausal(EVENT);
  return lastEvent(EVENT.name).traceId;
}

test('without a trace and without a chain an event belongs to nothing, and is there', () => {
  expect([currentChain(), chainOfEmitted()]).toEqual([undefined, '']);
});

test('the chain of a trace is the trace', () => {
  tracer.startActiveSpan('work', (span) => {
    const { traceId, spanId } = span.spanContext();
    expect([currentChain(), chainOfEmitted()]).toEqual([traceId, traceId]);
    expect(lastEvent(EVENT.name).spanId).toBe(spanId);
  });
});

test('fields are those that were given', () => {
  emitCausal(EVENT, { value: 1, detail: 2, labels: { 'test.label': 'a' } });
  expect(lastEvent(EVENT.name)).toMatchObject({ value: 1, detail: 2, labels: { 'test.label': 'a' }, text: '' });
  emitCausal(EVENT, { text: 'words' });
  expect(lastEvent(EVENT.name)).toMatchObject({ value: Number.NaN, detail: Number.NaN, text: 'words' });
});

test('what runs in a chain belongs to it, after every await, and to nothing afterwards', async () => {
  const id = chainIdOf('order-1');
  const seen = await runInChain('order-1', async () => {
    const before = chainOfEmitted();
    await new Promise((resolve) => setImmediate(resolve));
    return [before, chainOfEmitted(), currentChain()];
  });
  expect(seen).toEqual([id, id, id]);
  expect(currentChain()).toBeUndefined();
});

test('the innermost of chain and span counts', () => {
  tracer.startActiveSpan('outer', (outer) => {
    runInChain('order-2', () => {
      expect(chainOfEmitted()).toBe(chainIdOf('order-2'));
      tracer.startActiveSpan('inner', (inner) => {
        expect(chainOfEmitted()).toBe(outer.spanContext().traceId);
        expect(lastEvent(EVENT.name).spanId).toBe(inner.spanContext().spanId);
        runInChain('order-3', () => expect(chainOfEmitted()).toBe(chainIdOf('order-3')));
      });
      expect(chainOfEmitted()).toBe(chainIdOf('order-2'));
    });
  });
});

test('entering a chain tells what it was entered from', () => {
  tracer.startActiveSpan('outer', (outer) => {
    runInChain('order-4', () => {
      const { traceId, spanId } = outer.spanContext();
      const entered = lastEvent('sonde.chain.entered');
      expect(entered).toMatchObject({ traceId: chainIdOf('order-4'), text: `link:${traceId}-${spanId}` });
      runInChain('order-5', () => {
        expect(lastEvent('sonde.chain.entered').text).toBe(`link:${entered.traceId}-${entered.spanId}`);
      });
    });
  });
  context.with(ROOT_CONTEXT, () => runInChain('order-6', () => {}));
  expect(lastEvent('sonde.chain.entered').text).toBe('');
});

test('two stays in one chain are told apart', () => {
  const stays = ['order-7', 'order-7'].map((name) =>
    runInChain(name, () => {
      emitCausal(EVENT);
      return lastEvent(EVENT.name).spanId;
    }),
  );
  expect(stays[0]).not.toBe(stays[1]);
  for (const stay of stays) expect(stay).toMatch(/^[0-9a-f]{16}$/);
});

test('an event can be emitted into a chain that is named, from anywhere', () => {
  tracer.startActiveSpan('elsewhere', () => emitInChain(EVENT, 'order-8', { value: 8 }));
  expect(lastEvent(EVENT.name)).toMatchObject({ traceId: chainIdOf('order-8'), value: 8 });
  const other = '0af7651916cd43dd8448eb211c80319c';
  emitInChain(EVENT, other);
  expect(lastEvent(EVENT.name).traceId).toBe(other);
  emitInChain(EVENT, `${'a'.repeat(16)}${'0'.repeat(16)}`);
  expect(lastEvent(EVENT.name).spanId).toBe('a'.repeat(16));
});

test('into the chain that the code is in, it is emitted where the code is', () => {
  runInChain('order-9', () => {
    emitCausal(EVENT);
    const here = lastEvent(EVENT.name);
    emitInChain(EVENT, 'order-9');
    expect(lastEvent(EVENT.name).spanId).toBe(here.spanId);
  });
  tracer.startActiveSpan('work', (span) => {
    emitInChain(EVENT, span.spanContext().traceId);
    expect(lastEvent(EVENT.name).spanId).toBe(span.spanContext().spanId);
  });
});

test('a chain hands on what its function returns and throws', () => {
  expect(runInChain('order-10', () => 7)).toBe(7);
  const error = new Error('mine');
  expect(() =>
    runInChain('order-10', () => {
      throw error;
    }),
  ).toThrow(error);
});

describe('names that are none', () => {
  const warnings: unknown[] = [];
  beforeAll(() => {
    const note = (...args: unknown[]): void => void warnings.push(args[0]);
    diag.setLogger({ warn: note, error: note, info() {}, debug() {}, verbose() {} });
  });
  afterAll(() => diag.disable());

  it.each(['', 'x'.repeat(257), undefined, {}])('with %p the function runs all the same, where it was', (name) => {
    tracer.startActiveSpan('work', (span) => {
      const { traceId } = span.spanContext();
      expect(runInChain(name as string, () => chainOfEmitted())).toBe(traceId);
      emitInChain(EVENT, name as string, { value: 3 });
      expect(lastEvent(EVENT.name)).toMatchObject({ traceId, value: 3 });
    });
  });

  it('is said once', () => {
    expect(warnings.filter((warning) => String(warning).includes('a chain needs a name'))).toHaveLength(1);
  });
});

test.each([
  [5, '5'],
  [undefined, 'undefined'],
  [{}, '{}'],
])('where there is no function to run, that is told before anything is noted: %p', (work, shown) => {
  const before = eventStream().statistics().produced;
  for (const name of ['order-12', '']) {
    expect(() => runInChain(name, work as never)).toThrow(
      new TypeError(`runInChain: work must be a function, got ${shown}`),
    );
  }
  expect(eventStream().statistics().produced).toBe(before);
});

test('an event that cannot be emitted costs nobody anything', () => {
  const before = eventStream().statistics().produced;
  expect(() => emitCausal({ name: 'BAD NAME' } as never)).not.toThrow();
  expect(() => emitCausal(EVENT, { labels: { unknown: 'x' } })).not.toThrow();
  expect(() => emitCausal(EVENT, null as never)).not.toThrow();
  expect(() => emitInChain(undefined as never, 'order-11')).not.toThrow();
  expect(eventStream().statistics().produced).toBe(before);
});
