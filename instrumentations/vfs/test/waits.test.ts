import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { readWaits, WAITS, type WaitReader } from '@sonde/instrumentation-kit';
import { observeCallback } from '../src/callback-wrapper.ts';
import { FS_OPERATIONS } from '../src/operations.ts';
import { createOperation } from '../src/series.ts';
import { observeSync } from '../src/sync-wrapper.ts';
import type { ApiStyle } from '../src/types.ts';
import { createWorld, taking } from './fixtures/recorder-world.ts';

const ON = { active: true };
const tracer = new TracerProvider().getTracer('test');
let reader: WaitReader;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
beforeEach(() => {
  reader = readWaits();
});
afterEach(() => reader.close());

function operation(name: string, api: ApiStyle) {
  const definition = FS_OPERATIONS.find((one) => one.name === name);
  if (definition === undefined) throw new Error(name);
  return createOperation(definition, api);
}

/** Runs work in a root span. @returns what was noted, in the order in which it was */
function notedIn(work: (span: Span) => void): [kind: string, startMs: number, endMs: number][] {
  const span = tracer.startSpan('root');
  const root = reader.begin(span, 0);
  context.with(trace.setSpan(context.active(), span), () => work(span));
  const noted: [string, number, number][] = [];
  root?.visit((kind, startMs, endMs) => noted.push([WAITS[kind] as string, startMs, endMs]));
  return noted;
}

/** A callback operation that is called back after `ms`. */
function readFor(ms: number, takenUpMs?: number, error: Error | null = null) {
  const { clock, pool, recorder } = createWorld();
  clock.ms = 100;
  const original = (_path: string, done: (error: Error | null) => void): void => {
    clock.ms += ms;
    pool.takenUpMs = takenUpMs;
    done(error);
  };
  return notedIn(() =>
    observeCallback(operation('readFile', 'callback'), recorder)(original, ON)('/x', () => undefined),
  );
}

test('a slow operation was waited for, first in the queue of the pool and then in the filesystem', () => {
  expect(readFor(50, 130)).toEqual([
    ['pool', 100, 130],
    ['filesystem', 130, 150],
  ]);
});

test('one that found a free thread waited for the filesystem alone', () => {
  expect(readFor(50)).toEqual([['filesystem', 100, 150]]);
});

test('one that no thread took up before its end waited for the pool alone', () => {
  expect(readFor(50, 150)).toEqual([['pool', 100, 150]]);
});

test('one that fails was waited for as well', () => {
  expect(readFor(50, undefined, new Error('EIO'))).toEqual([['filesystem', 100, 150]]);
});

test('what takes less than 50 us is not noted', () => {
  expect(readFor(0.04)).toEqual([]);
  expect(readFor(0.06)).toEqual([['filesystem', 100, 100.06]]);
});

test.each(['statSync', 'readSync'])('the thread stands still for %s, whether it succeeds or fails', (name) => {
  const { clock, recorder } = createWorld();
  const sync = operation(name.slice(0, -4), 'sync');
  const run = (original: ReturnType<typeof taking>) => observeSync(sync, recorder)(original, ON);
  const noted = notedIn(() => {
    run(taking(clock, 20))('/x');
    clock.ms += 5;
    const failing = (): never => {
      clock.ms += 30;
      throw new Error('EIO');
    };
    expect(() => run(failing)('/x')).toThrow('EIO');
  });
  expect(noted).toEqual([
    ['filesystem_sync', 0, 20],
    ['filesystem_sync', 25, 55],
  ]);
});

test('nothing is kept while nobody reads', () => {
  reader.close();
  const span = tracer.startSpan('root');
  const { clock, recorder } = createWorld();
  context.with(trace.setSpan(context.active(), span), () =>
    observeSync(operation('stat', 'sync'), recorder)(taking(clock, 20), ON)('/x'),
  );
  expect(Object.getOwnPropertySymbols(span).map(String)).not.toContain('Symbol(sonde.span.waits.1)');
});
