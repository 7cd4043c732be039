import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import {
  addWaitSource,
  areWaitsRead,
  linkLocalRoot,
  noteCpuWait,
  noteThreadAmount,
  noteThreadWait,
  noteWait,
  noteWaitOfTrace,
  type RootWaits,
  readWaits,
  soleOpenRoot,
  WAITS,
  type Wait,
  type WaitReader,
  waitsOf,
} from '../src/index.ts';
import { WaitList } from '../src/wait-list.ts';
import { runs } from './seed.ts';

const tracer = new TracerProvider().getTracer('waits.test');

function inContextOf(span: Span) {
  return trace.setSpan(ROOT_CONTEXT, span);
}

function listed(list: WaitList): [Wait | undefined, number, number, number][] {
  const entries: [Wait | undefined, number, number, number][] = [];
  list.visit((kind, start, end, amount) => entries.push([WAITS[kind], start, end, amount]));
  return entries;
}

function begun(reader: WaitReader, root: Span): RootWaits {
  const waits = reader.begin(root, 0);
  if (waits === undefined) throw new Error('the span cannot be marked');
  return waits;
}

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

test('nothing is kept while nobody reads', () => {
  const root = tracer.startSpan('root');
  expect(areWaitsRead()).toBe(false);
  noteWait('filesystem', 0, 5, inContextOf(root));
  noteThreadWait('gc', 0, 5);
  const reader = readWaits();
  expect(areWaitsRead()).toBe(true);
  expect(reader.latestMs).toBe(Number.NEGATIVE_INFINITY);
  expect(begun(reader, root).size).toBe(0);
  reader.close();
  expect(areWaitsRead()).toBe(false);
});

describe('while somebody reads', () => {
  let reader: WaitReader;
  beforeEach(() => {
    reader = readWaits();
  });
  afterEach(() => reader.close());

  test('a wait belongs to the local root of the active span, however deep below it', () => {
    const root = tracer.startSpan('root');
    const child = tracer.startSpan('child', {}, inContextOf(root));
    linkLocalRoot(child, inContextOf(root));
    const waits = begun(reader, root);
    noteWait('filesystem', 1, 3, inContextOf(child));
    context.with(inContextOf(child), () => noteWait('connect', 4, 6));
    noteWait('connect', 4, 6, ROOT_CONTEXT);
    expect(listed(waits)).toEqual([
      ['filesystem', 1, 3, 2],
      ['connect', 4, 6, 2],
    ]);
  });

  test('a wait is noted by trace id for every open local root of the trace, and for none that ended', () => {
    const outer = tracer.startSpan('outer');
    const inner = tracer.startSpan('inner', {}, inContextOf(outer));
    const third = tracer.startSpan('third', {}, inContextOf(outer));
    const [first, second, last] = [begun(reader, outer), begun(reader, inner), begun(reader, third)];
    const { traceId } = outer.spanContext();
    noteWaitOfTrace(traceId, 'ipc_queue', 0, 5);
    reader.end(second);
    noteWaitOfTrace(traceId, 'child_service', 5, 9);
    reader.end(last);
    noteWaitOfTrace(traceId, 'ipc_queue', 10, 11);
    reader.end(first);
    noteWaitOfTrace(traceId, 'ipc_queue', 20, 21);
    expect([first, second, last].map(({ size }) => size)).toEqual([3, 1, 2]);
  });

  test('of two readers the first to begin a root has it; what the thread waited for is told to both', () => {
    const other = readWaits();
    const root = tracer.startSpan('root');
    const waits = begun(reader, root);
    expect(other.begin(root, 0)).toBeUndefined();
    expect(waitsOf(root)).toBe(waits);
    expect(waits.reader).toBe(reader);
    noteThreadWait('gc', 0, 5);
    expect([reader.latestMs, other.latestMs]).toEqual([5, 5]);
    other.close();
    other.close();
    expect(areWaitsRead()).toBe(true);
  });

  test('what is no time is not noted, nor a wait of a frozen or foreign span', () => {
    const root = tracer.startSpan('root');
    const waits = begun(reader, root);
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    for (const [start, end] of [
      [nan, 1],
      [1, nan],
      [5, 4],
      [4, 4],
      [0, infinity],
      [-infinity, 0],
    ] as const) {
      noteWait('pool', start, end, inContextOf(root));
      noteWaitOfTrace(root.spanContext().traceId, 'pool', start, end);
      noteThreadWait('gc', start, end);
      noteThreadAmount('cpu', start, end, 1);
    }
    noteThreadAmount('cpu', 0, 10, nan);
    noteThreadAmount('cpu', 0, 10, -1);
    expect(reader.begin(Object.freeze(tracer.startSpan('frozen')), 0)).toBeUndefined();
    noteWait('pool', 0, 1, trace.setSpan(ROOT_CONTEXT, null as never));
    expect(waits.size).toBe(0);
    expect(reader.latestMs).toBe(Number.NEGATIVE_INFINITY);
  });

  test('what the thread waited for is read by time, however late it was told', () => {
    const seen: unknown[] = [];
    const culprit = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), route: '/x' };
    noteThreadWait('blocked_loop', 100, 200, culprit);
    noteThreadWait('gc', 10, 20);
    noteThreadAmount('cpu', 0, 150, 900);
    noteThreadWait('gc', 300, 310);
    expect(reader.latestMs).toBe(310);
    reader.visitThread(15, 120, (kind, start, end, rest) => seen.push([WAITS[kind], start, end, rest]));
    expect(seen).toEqual([
      ['cpu', 0, 150, { amountMs: 150, busyMs: 0, ofBusyMs: 0, wakes: 0, isThrottled: false, culprit: undefined }],
      ['gc', 10, 20, { amountMs: 10, busyMs: 0, ofBusyMs: 0, wakes: 0, isThrottled: false, culprit: undefined }],
      ['blocked_loop', 100, 200, { amountMs: 100, busyMs: 0, ofBusyMs: 0, wakes: 0, isThrottled: false, culprit }],
    ]);
  });

  test('waiting for a CPU is told with the work meanwhile, neither longer than the time itself', () => {
    const seen: unknown[] = [];
    const times = { startMs: 0, endMs: 100 };
    noteCpuWait({ ...times, waitedMs: 30, busyMs: 70, ranMs: 50, wakes: 3, isThrottled: false });
    noteCpuWait({ ...times, waitedMs: 30, busyMs: 70, ranMs: 10, wakes: 3, isThrottled: false });
    noteCpuWait({ ...times, waitedMs: 30, busyMs: 70, ranMs: 80, wakes: 3, isThrottled: false });
    noteCpuWait({ ...times, waitedMs: 300, busyMs: -1, ranMs: Number.NaN, wakes: 3, isThrottled: false });
    noteCpuWait({ ...times, waitedMs: 0, busyMs: 70, ranMs: 0, wakes: 3, isThrottled: false });
    reader.visitThread(0, 100, (_kind, _start, _end, { amountMs, busyMs, ofBusyMs, wakes }) =>
      seen.push([amountMs, busyMs, ofBusyMs, wakes]),
    );
    expect(seen).toEqual([
      [100, 0, 0, 3],
      [30, 70, 0, 3],
      [30, 70, 30, 3],
      [30, 70, 20, 3],
    ]);
  });

  test('whether a quota was used up is told, also of short times that are kept as one', () => {
    const seen: boolean[] = [];
    const told = { waitedMs: 1, busyMs: 1, ranMs: 0, wakes: 0 };
    noteCpuWait({ ...told, startMs: 0, endMs: 5, isThrottled: false });
    noteCpuWait({ ...told, startMs: 5, endMs: 10, isThrottled: true });
    noteCpuWait({ ...told, startMs: 50, endMs: 55, isThrottled: false });
    reader.visitThread(0, 100, (_kind, _start, _end, { isThrottled }) => seen.push(isThrottled));
    expect(seen).toEqual([false, true]);
  });

  test('whoever gathers is asked before reading, and told who goes on after a wait', () => {
    const told: unknown[] = [];
    const root = tracer.startSpan('root');
    const remove = addWaitSource({
      gather: (isFinal) => told.push(['gather', isFinal]),
      resumed: (kind, span, endMs) => told.push([kind, span, endMs]),
    });
    const faulty = addWaitSource({
      gather() {
        throw new Error('gather');
      },
      resumed: () => undefined,
    });
    begun(reader, root);
    noteWait('filesystem', 1, 3, inContextOf(root));
    reader.gather(true);
    remove();
    faulty();
    reader.gather(false);
    expect(told).toEqual([
      ['filesystem', root, 3],
      ['gather', true],
    ]);
  });

  test('a local root is known to be the only one that is open', () => {
    expect(soleOpenRoot()).toBeUndefined();
    const [first, second] = [begun(reader, tracer.startSpan('a')), begun(reader, tracer.startSpan('b'))];
    expect(soleOpenRoot()).toBeUndefined();
    reader.end(first);
    expect(soleOpenRoot()).toBe(second);
  });

  test('a root that has ended and was not read yet is not open, but is still told of its trace', () => {
    const [first, second] = [begun(reader, tracer.startSpan('a')), begun(reader, tracer.startSpan('b'))];
    reader.stop(first);
    expect(soleOpenRoot()).toBe(second);
    noteWaitOfTrace(first.traceId, 'pool', 0, 1);
    reader.stop(first);
    reader.end(first);
    noteWaitOfTrace(first.traceId, 'pool', 2, 3);
    expect(first.size).toBe(1);
    reader.stop(first);
    reader.stop(second);
    expect(soleOpenRoot()).toBeUndefined();
    noteWaitOfTrace(second.traceId, 'pool', 0, 1);
    expect(second.size).toBe(1);
  });

  test.each([false, true])(
    'roots that never end are given up when many newer ones are open: asked before %p',
    (asked) => {
      if (asked) noteWaitOfTrace('a', 'pool', 0, 1);
      const first = begun(reader, tracer.startSpan('never ends'));
      for (let i = 1; i < 10_000; i++) begun(reader, tracer.startSpan('never ends either'));
      noteWaitOfTrace(first.traceId, 'pool', 0, 1);
      const last = begun(reader, tracer.startSpan('one too many'));
      noteWaitOfTrace(first.traceId, 'pool', 2, 3);
      noteWaitOfTrace(last.traceId, 'pool', 2, 3);
      reader.end(first);
      reader.end(last);
      noteWaitOfTrace(last.traceId, 'pool', 4, 5);
      expect([first.size, last.size]).toEqual([1, 1]);
    },
  );

  test('a storm of short waits does not push out what happened before', () => {
    noteThreadWait('blocked_loop', 0, 50, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) });
    let start = 100;
    for (let i = 0; i < 20_000; i++, start += 2) noteThreadWait('gc', start, start + 1);
    const kinds = new Map<number, number>();
    reader.visitThread(0, start, (kind, _start, _end, { amountMs }) => {
      kinds.set(kind, (kinds.get(kind) ?? 0) + amountMs);
    });
    expect(kinds.get(WAITS.indexOf('blocked_loop'))).toBe(50);
    expect(kinds.get(WAITS.indexOf('gc'))).toBeCloseTo(20_000);
  });

  test('the ring of the thread is bounded: the oldest give way', () => {
    for (let i = 0; i < 10_000; i++) noteThreadWait('gc', i * 100, i * 100 + 30);
    let count = 0;
    reader.visitThread(0, 1e9, () => {
      count += 1;
    });
    expect(count).toBe(4096);
  });
});

const wait = fc.tuple(
  fc.integer({ min: 0, max: WAITS.length - 1 }),
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 1, max: 30 }),
);

test('the waits of a root stay bounded, and for waits that do not overlap no millisecond is lost', () => {
  fc.assert(
    fc.property(fc.array(wait, { maxLength: 2000 }), (waits) => {
      const list = new WaitList();
      const sums = new Map<Wait | undefined, number>();
      let now = 0;
      for (const [kind, gap, length] of waits) {
        now += gap;
        list.add(kind, now, now + length);
        now += length;
        sums.set(WAITS[kind], (sums.get(WAITS[kind]) ?? 0) + length);
      }
      const kept = new Map<Wait | undefined, number>();
      for (const [kind, start, end, amount] of listed(list)) {
        expect(amount).toBeGreaterThan(0);
        expect(amount).toBeLessThanOrEqual(end - start);
        kept.set(kind, (kept.get(kind) ?? 0) + amount);
      }
      expect(kept).toEqual(sums);
      expect(list.size).toBeLessThanOrEqual(64);
    }),
    runs(100),
  );
});

test('waits of a root that overlap are never kept as more than the time that they cover', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 100 })), { maxLength: 500 }), (waits) => {
      const list = new WaitList();
      for (const [start, length] of waits) list.add(0, start, start + length);
      for (const [, start, end, amount] of listed(list)) expect(amount).toBeLessThanOrEqual(end - start);
      expect(list.size).toBeLessThanOrEqual(64);
    }),
    runs(100),
  );
});
