import { SpanKind } from '@opentelemetry/api';
import { criticalPath } from '../../src/critical-path/critical-path.ts';
import { CRITICAL_PATH_DEFAULTS } from '../../src/critical-path/options.ts';
import type { CriticalPathOptions, PlainTraceSpan } from '../../src/critical-path/types.ts';
import { at, span, TRACE_ID } from './spans.ts';

/** The path as text: `name start-end`, `?` before what waits for something. */
function pathOf(spans: readonly PlainTraceSpan[], options?: CriticalPathOptions): string[] {
  return criticalPath(spans, options).segments.map(
    ({ span: { name }, startMs, endMs, waitsFor }) =>
      `${name} ${startMs}-${endMs}${waitsFor === undefined ? '' : ` until ${waitsFor.name}`}`,
  );
}

test('a span without children is its own path', () => {
  expect(pathOf([span('a', '', [0, 10])])).toEqual(['a 0-10']);
});

test('of parallel children the one that returned last counts, and what began before it', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('fast', 'root', [10, 30]),
    span('slow', 'root', [10, 90]),
    span('before', 'root', [2, 9]),
  ];
  expect(pathOf(spans)).toEqual(['root 0-2', 'before 2-9', 'root 9-10', 'slow 10-90', 'root 90-100']);
});

test('the path goes down through returning grandchildren', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('a', 'root', [10, 50]),
    span('b', 'root', [50, 95]),
    span('a1', 'a', [20, 30]),
    span('a2', 'a', [25, 45]),
    span('b1', 'b', [60, 95]),
  ];
  expect(pathOf(spans)).toEqual(['root 0-10', 'a 10-25', 'a2 25-45', 'a 45-50', 'b 50-60', 'b1 60-95', 'root 95-100']);
});

test('a sibling that ends a moment after the next one began counts as finished before it', () => {
  const spans = [span('root', '', [0, 100]), span('a', 'root', [0, 50.4]), span('b', 'root', [50, 100])];
  expect(pathOf(spans)).toEqual(['a 0-50', 'b 50-100']);
  expect(pathOf(spans, { toleranceMs: 0 })).toEqual(['root 0-50', 'b 50-100']);
});

test('a child that outlives its parent returns to the ancestor that waits for it', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('send', 'root', [10, 12]),
    span('process', 'send', [30, 80], { thread: 3 }),
  ];
  expect(pathOf(spans)).toEqual([
    'root 0-10',
    'send 10-12',
    'root 12-30 until process',
    'process 30-80',
    'root 80-100',
  ]);
});

test('jobs that wait in one queue follow each other', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('send', 'root', [0, 1]),
    span('job1', 'send', [10, 40], { thread: 3 }),
    span('job2', 'send', [45, 90], { thread: 3 }),
  ];
  expect(pathOf(spans)).toEqual([
    'send 0-1',
    'root 1-10 until job1',
    'job1 10-40',
    'root 40-45 until job2',
    'job2 45-90',
    'root 90-100',
  ]);
});

test('what runs on after the root has ended was not waited for', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('background', 'root', [10, 500]),
    span('step', 'background', [20, 90]),
    span('later', 'root', [200, 300]),
  ];
  expect(pathOf(spans)).toEqual(['root 0-100']);
  expect(criticalPath(spans).notes.detached).toBe(2);
});

test('a child that ends a moment after the root is taken to end with it', () => {
  expect(pathOf([span('root', '', [0, 100]), span('a', 'root', [10, 100.5])])).toEqual(['root 0-10', 'a 10-100']);
});

test('a batch waits for the last span that it is linked to', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('left', 'root', [5, 60]),
    span('produce1', 'left', [10, 20]),
    span('right', 'root', [5, 70]),
    span('produce2', 'right', [30, 40], { thread: 2 }),
    span('batch', 'root', [50, 100], { kind: SpanKind.CONSUMER, links: ['produce1', 'produce2'] }),
  ];
  expect(pathOf(spans)).toEqual([
    'root 0-5',
    'right 5-30 until produce2',
    'produce2 30-40',
    'root 40-50',
    'batch 50-100',
  ]);
});

test('a linked span that ends a moment after the batch began counts as finished before it', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('other', 'root', [5, 60]),
    span('produce', 'other', [30, 50.4]),
    span('batch', 'root', [50, 100], { links: ['produce'] }),
  ];
  expect(pathOf(spans)).toEqual(['root 0-5', 'other 5-30', 'produce 30-50', 'batch 50-100']);
  expect(pathOf(spans, { toleranceMs: 0 })).toEqual(['root 0-50', 'batch 50-100']);
});

test('a link to a culprit is no cause', () => {
  const batch = span('batch', 'root', [50, 100]);
  const culprit = { context: { traceId: TRACE_ID, spanId: 'other' }, attributes: { 'sonde.blame.cause': 'gc' } };
  const spans = [span('root', '', [0, 100]), span('other', 'root', [10, 120]), { ...batch, links: [culprit] }];
  expect(pathOf(spans)).toEqual(['root 0-50', 'batch 50-100']);
});

test('links in a circle come to an end', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('a', 'root', [50, 50], { links: ['b'] }),
    span('b', 'root', [50, 50], { links: ['a'] }),
  ];
  expect(criticalPath(spans).durationMs).toBe(100);
});

test('the longest span without a parent is the root, and a lost parent is replaced by it', () => {
  const spans = [
    span('tiny', '', [0, 1]),
    span('root', '', [0, 100]),
    span('orphan', 'lost', [20, 60]),
    span('elsewhen', 'lost', [200, 300]),
  ];
  const { root, notes, tree } = criticalPath(spans);
  expect(root.name).toBe('root');
  expect(notes).toMatchObject({ orphans: 2, adopted: 1, unrelated: 2 });
  expect(tree.map(({ name, isAdopted }) => [name, isAdopted])).toEqual([
    ['root', false],
    ['orphan', true],
  ]);
  expect(pathOf(spans)).toEqual(['root 0-20', 'orphan 20-60', 'root 60-100']);
  expect(pathOf(spans, { adoptOrphans: false })).toEqual(['root 0-100']);
});

test('where the caller is another service, the longest piece is the root and its siblings stay apart', () => {
  const spans = [
    span('handler', 'caller', [0, 50]),
    span('again', 'caller', [10, 40]),
    span('orphan', 'lost', [20, 30]),
  ];
  const { root, notes } = criticalPath(spans);
  expect(root.name).toBe('handler');
  expect(notes).toMatchObject({ orphans: 2, adopted: 1, unrelated: 1 });
});

test('another root can be asked for, and has its own tree only', () => {
  const spans = [span('top', 'lost', [0, 100]), span('root', 'top', [10, 60]), span('a', 'root', [20, 30])];
  expect(pathOf(spans, { rootSpanId: 'root' })).toEqual(['root 0-10', 'a 10-20', 'root 20-50']);
  expect(() => criticalPath(spans, { rootSpanId: 'none' })).toThrow(
    'criticalPath: rootSpanId must be the id of a span of the trace, got "none"',
  );
});

test('the clock of a process whose spans begin before their cause is moved as a whole', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('call', 'root', [10, 60], { kind: SpanKind.CLIENT }),
    span('serve', 'call', [-190, -150], { kind: SpanKind.SERVER, pid: 2 }),
    span('query', 'serve', [-180, -160], { pid: 2 }),
  ];
  expect(pathOf(spans)).toEqual([
    'root 0-10',
    'serve 10-20',
    'query 20-40',
    'serve 40-50',
    'call 50-60',
    'root 60-100',
  ]);
  expect(criticalPath(spans).notes.clockShifts).toEqual([{ process: 'service-2 2', shiftMs: 200 }]);
});

test('a server that ends after its client is moved back; one that keeps the laws is left alone', () => {
  const call = [span('root', '', [0, 100], { kind: SpanKind.CLIENT })];
  const late = [...call, span('serve', 'root', [60, 120], { kind: SpanKind.SERVER, pid: 2 })];
  expect(criticalPath(late).notes.clockShifts).toEqual([{ process: 'service-2 2', shiftMs: -20 }]);
  const fine = [...call, span('serve', 'root', [40, 100], { kind: SpanKind.SERVER, pid: 2 })];
  expect(criticalPath(fine).notes.clockShifts).toEqual([]);
});

test('a clock that is further off than allowed is not moved: its spans are cut', () => {
  const spans = [span('root', '', [0, 100]), span('a', 'root', [-5000, 50], { pid: 2 })];
  const { notes } = criticalPath(spans, { maxClockShiftMs: 1000 });
  expect(notes).toMatchObject({ cut: 1, clockShifts: [] });
  expect(pathOf(spans, { maxClockShiftMs: 1000 })).toEqual(['a 0-50', 'root 50-100']);
});

test('duplicates, other traces, negative spans and what is no span are left out and counted', () => {
  const hostile = {
    ...span('x', 'root', [0, 1]),
    get name(): string {
      throw new Error('hostile');
    },
  };
  const spans = [
    span('root', '', [0, 100]),
    span('a', 'root', [10, 20]),
    span('a', 'root', [10, 90]),
    span('b', 'root', [50, 40]),
    { ...span('c', 'root', [0, 100]), traceId: 'f'.repeat(32) },
    { ...span('d', 'root', [0, 1]), start: Number.NaN },
    { ...span('e', 'root', [0, 1]), end: [0, 0] as [number, number] },
    { ...span('f', 'root', [0, 1]), start: 1e300 },
    hostile,
    null as never,
    'text' as never,
  ];
  const { notes } = criticalPath(spans);
  expect(notes).toMatchObject({ duplicates: 1, otherTraces: 1, negative: 1, unreadable: 6 });
  expect(pathOf(spans)).toEqual(['root 0-10', 'a 10-20', 'root 20-100']);
});

test('spans that are their own ancestors lose the parent of the earliest', () => {
  const spans = [
    span('a', 'c', [0, 100]),
    span('b', 'a', [10, 90]),
    span('c', 'b', [20, 80]),
    span('self', 'self', [30, 40]),
  ];
  expect(criticalPath(spans).notes.cycles).toBe(2);
  expect(pathOf(spans)[0]).toBe('a 0-10');
});

test('operations have their totals, and together the whole', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('q1', 'root', [10, 30], { name: 'query', pid: 2 }),
    span('q2', 'root', [30, 70], { name: 'query', pid: 2 }),
  ];
  expect(criticalPath(spans).operations).toEqual([
    { name: 'query', service: 'service-2', selfMs: 60, share: 0.6, spans: 2 },
    { name: 'root', service: 'service-1', selfMs: 40, share: 0.4, spans: 1 },
  ]);
});

test('a segment says what its span is blamed on', () => {
  const attributes = {
    'sonde.blame.gc': 0.02,
    'sonde.blame.pool': 0.05,
    'sonde.blame.culprit': 'x',
    'sonde.blame.cpu': 0,
  };
  const { segments } = criticalPath([span('root', '', [0, 100], { attributes })]);
  expect(segments[0]?.blame).toEqual([
    { cause: 'pool', seconds: 0.05 },
    { cause: 'gc', seconds: 0.02 },
  ]);
});

test('times as plain milliseconds are read as well', () => {
  const spans = [
    { ...span('root', '', [0, 0]), start: 1_790_000_000_000.5, end: 1_790_000_000_010.5 },
    { ...span('a', 'root', [0, 0]), start: 1_790_000_000_001.5, end: 1_790_000_000_002.5 },
  ];
  expect(pathOf(spans)).toEqual(['root 0-1', 'a 1-2', 'root 2-10']);
  expect(criticalPath(spans).startTimeMs).toBe(1_790_000_000_000.5);
});

test('threads are inherited within a process', () => {
  const spans = [
    span('root', '', [0, 100], { thread: 0 }),
    span('process', 'root', [10, 90], { thread: 3 }),
    span('step', 'process', [20, 80]),
    span('remote', 'step', [30, 70], { pid: 2 }),
  ];
  expect(criticalPath(spans).tree.map(({ process, thread }) => `${process}/${thread}`)).toEqual([
    'service-1 1/0',
    'service-1 1/3',
    'service-1 1/3',
    'service-2 2/',
  ]);
});

test('nothing to look at is refused', () => {
  expect(() => criticalPath([])).toThrow(
    'criticalPath: spans must hold at least one finished span of the trace, got none',
  );
  expect(() => criticalPath([span('a', '', [0, 1])], { traceId: 'f'.repeat(32) })).toThrow(RangeError);
});

test.each([
  ['toleranceMs', 0, -1],
  ['toleranceMs', 60_000, 60_001],
  ['toleranceMs', 1, Number.NaN],
  ['maxClockShiftMs', 0, -1],
  ['maxClockShiftMs', 3_600_000, 3_600_001],
  ['adoptOrphans', false, 'yes'],
  ['traceId', TRACE_ID, ''],
  ['rootSpanId', 'root', 7],
])('option %s may be %p and not %p', (option, good, bad) => {
  const spans = [span('root', '', [0, 1])];
  expect(() => criticalPath(spans, { [option]: good })).not.toThrow();
  expect(() => criticalPath(spans, { [option]: bad })).toThrow(new RegExp(`^criticalPath: ${option} must be`));
});

test('an option left undefined has its default, and an unknown one is refused', () => {
  const spans = [span('root', '', [0, 100]), span('a', 'root', [10, 100.5])];
  const undefinedOptions = Object.fromEntries(Object.keys(CRITICAL_PATH_DEFAULTS).map((key) => [key, undefined]));
  expect(pathOf(spans, undefinedOptions)).toEqual(pathOf(spans));
  expect(() => criticalPath(undefined as never)).toThrow(
    new TypeError('criticalPath: spans must be iterable, such as an array, got undefined'),
  );
  expect(() => criticalPath(spans, { toleranceMs: '1' } as never)).toThrow(TypeError);
  expect(() => criticalPath(spans, { toleranceMs: -1 })).toThrow(RangeError);
  expect(() => criticalPath(spans, { tolerance: 1 } as never)).toThrow('is not an option');
});

test('a chain and a fan of 100,000 spans need no stack', () => {
  const COUNT = 100_000;
  const chain = [span('s0', '', [0, COUNT])];
  const fan = [span('s0', '', [0, COUNT])];
  for (let i = 1; i < COUNT; i += 1) {
    chain.push(span(`s${i}`, `s${i - 1}`, [i / 2, COUNT - i / 2]));
    fan.push({ ...span(`s${i}`, 's0', [0, 0]), start: at(i), end: at(i + 0.5) });
  }
  expect(criticalPath(chain).segments.length).toBe(2 * COUNT - 1);
  expect(criticalPath(fan).segments.length).toBe(2 * COUNT - 1);
});
