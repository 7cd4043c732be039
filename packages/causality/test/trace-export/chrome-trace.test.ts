import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpanKind } from '@opentelemetry/api';
import type { EventRecord } from '@sonde/event-stream';
import fc from 'fast-check';
import type { PlainTraceSpan } from '../../src/critical-path/types.ts';
import { toChromeTrace } from '../../src/trace-export/chrome-trace.ts';
import { CHROME_TRACE_DEFAULTS } from '../../src/trace-export/options.ts';
import type { ChromeTrace } from '../../src/trace-export/types.ts';
import { writeChromeTrace } from '../../src/trace-export/write-chrome-trace.ts';
import { EPOCH_SECONDS, span, TRACE_ID } from '../critical-path/spans.ts';
import { IS_LONG, runs } from '../seed.ts';
import { anySpans } from './any-spans.ts';
import { faultsOf, tracksOf } from './laws.ts';
import { loadSpeedscope } from './speedscope.ts';

// long: 50,000 random traces as Chrome traces, 10,000 of them through speedscope's importer, and 100,000 spans at once
const REQUEST: readonly PlainTraceSpan[] = [
  span('root', '', [0, 100], { pid: 41, kind: SpanKind.SERVER }),
  span('send', 'root', [10, 11], { pid: 41, kind: SpanKind.PRODUCER }),
  span('process', 'send', [20, 80], { pid: 41, thread: 3, kind: SpanKind.CONSUMER }),
  span('remote', 'process', [30, 70], { pid: 77 }),
  span('also', 'root', [15, 60], { pid: 41 }),
];

function record(fields: Partial<EventRecord>): EventRecord {
  return {
    time: EPOCH_SECONDS * 1000 + 50,
    hlc: (BigInt(EPOCH_SECONDS) * 1000n) << 16n,
    name: 'sonde.vfs.slow_operation',
    type: 1,
    severity: 13,
    category: 'vfs',
    value: 0.2,
    detail: Number.NaN,
    labels: { 'file.operation': 'read' },
    text: '',
    traceId: TRACE_ID,
    spanId: 'process',
    sequence: 0,
    threadId: 3,
    pid: 41,
    ...fields,
  };
}

/** `process / thread` of each track by number. */
function trackNames({ traceEvents }: ChromeTrace): Map<number, string> {
  const processes = new Map<number, unknown>();
  const threads = new Map<number, string>();
  for (const { name, pid, tid, args } of traceEvents) {
    if (name === 'process_name') processes.set(pid, args?.name);
    if (name === 'thread_name') threads.set(tid, `${processes.get(pid)} / ${args?.name}`);
  }
  return threads;
}

/** Where each slice is drawn. */
function placesOf(trace: ChromeTrace): Record<string, string> {
  const names = trackNames(trace);
  return Object.fromEntries(
    trace.traceEvents
      .filter(({ ph, cat }) => ph === 'X' && cat !== 'critical path')
      .map(({ name, tid }) => [name, names.get(tid) ?? '']),
  );
}

test('each thread of each process has its track, and what overlaps a lane of its own', () => {
  const trace = toChromeTrace(REQUEST);
  expect(placesOf(trace)).toEqual({
    root: 'service-41 41 / main thread',
    send: 'service-41 41 / main thread',
    also: 'service-41 41 / main thread',
    process: 'service-41 41 / thread 3',
    remote: 'service-77 77 / main thread',
  });
  const overlapping = toChromeTrace([...REQUEST, span('over', 'root', [50, 90], { pid: 41 })]);
  expect(placesOf(overlapping).over).toBe('service-41 41 / main thread (2)');
  expect(faultsOf(overlapping)).toEqual([]);
});

test('a sibling is never drawn within a sibling, nor one request within another', () => {
  const spans = [
    span('root', '', [0, 100]),
    span('long', 'root', [10, 90]),
    span('short', 'root', [20, 30]),
    { ...span('other', '', [40, 50]), traceId: 'e'.repeat(32) },
  ];
  expect(placesOf(toChromeTrace(spans))).toEqual({
    root: 'service-1 1 / main thread',
    long: 'service-1 1 / main thread',
    short: 'service-1 1 / main thread (2)',
    other: 'service-1 1 / main thread (2)',
  });
});

test('arrows lead to children in other tracks, along links, and to culprits', () => {
  const link = (spanId: string, attributes = {}) => ({ context: { traceId: TRACE_ID, spanId }, attributes });
  const batch = { ...span('batch', 'root', [85, 95], { pid: 41, thread: 3 }) };
  const spans = [...REQUEST, { ...batch, links: [link('also'), link('process', { 'sonde.blame.cause': 'gc' })] }];
  const { traceEvents } = toChromeTrace(spans);
  const slices = traceEvents.filter(({ ph, cat }) => ph === 'X' && cat !== 'critical path');
  const at = (id: number | undefined, ph: string): string | undefined => {
    const end = traceEvents.find((event) => event.ph === ph && event.id === id);
    return slices.find(({ ts, tid }) => ts === end?.ts && tid === end.tid)?.name;
  };
  const flows = traceEvents.filter(({ ph }) => ph === 's').map(({ name, id }) => [at(id, 's'), name, at(id, 'f')]);
  expect(flows).toEqual([
    ['root', 'child', 'batch'],
    ['send', 'child', 'process'],
    ['also', 'link', 'batch'],
    ['process', 'child', 'remote'],
    ['process', 'culprit', 'batch'],
  ]);
});

test('the critical path is the first process, its segments follow each other, and its spans are marked', () => {
  const trace = toChromeTrace(REQUEST);
  const [pid] = trace.traceEvents.filter(({ args }) => args?.name === 'critical path').map((event) => event.pid);
  expect(pid).toBeLessThan(41);
  const segments = trace.traceEvents.filter(({ cat }) => cat === 'critical path');
  expect(segments.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
    ['root', 0, 9999.5],
    ['send', 10_000, 999.5],
    ['root', 11_000, 8999.5],
    ['process', 20_000, 9999.5],
    ['remote', 30_000, 39_999.5],
    ['process', 70_000, 9999.5],
    ['root', 80_000, 19_999.5],
  ]);
  expect(segments[2]?.args).toMatchObject({ waits_for: 'process', process: 'service-41 41' });
  const marked = trace.traceEvents.filter(({ cat }) => cat === 'span,critical path').map(({ name }) => name);
  expect(marked).toEqual(['root', 'send', 'process', 'remote']);
  expect(toChromeTrace(REQUEST, [], { criticalPaths: 0 }).traceEvents.map(({ cat }) => cat)).not.toContain(
    'critical path',
  );
});

test('events stand beside the spans of their thread, those of unknown processes in their own', () => {
  const withEvent = { ...REQUEST[0], events: [{ name: 'retry', time: [EPOCH_SECONDS, 5e6] }] } as PlainTraceSpan;
  const trace = toChromeTrace(
    [withEvent, ...REQUEST.slice(1)],
    [record({}), record({ pid: 99, threadId: 0, time: 1.79e12 + 60 })],
  );
  const names = trackNames(trace);
  const instants = trace.traceEvents.filter(({ ph }) => ph === 'i');
  expect(instants.map(({ name, ts, tid }) => [name, ts, names.get(tid)])).toEqual([
    ['retry', 5000, 'service-41 41 / main thread events'],
    ['sonde.vfs.slow_operation', 50_000, 'service-41 41 / thread 3 events'],
    ['sonde.vfs.slow_operation', 60_000, 'process 99 / main thread events'],
  ]);
  expect(instants[1]?.args).toEqual({
    severity: 13,
    value: 0.2,
    'file.operation': 'read',
    trace_id: TRACE_ID,
    span_id: 'process',
    hlc: (BigInt(EPOCH_SECONDS * 1000) << 16n).toString(16).padStart(16, '0'),
  });
  expect(faultsOf(trace)).toEqual([]);
});

test('processes with the same pid on several hosts are several processes', () => {
  const resource = (host: string) => ({ attributes: { 'service.name': host, 'process.pid': 1, 'container.id': host } });
  const spans = [
    { ...span('a', '', [0, 10]), resource: resource('a') },
    { ...span('b', 'a', [1, 9]), resource: resource('b') },
  ];
  const trace = toChromeTrace(spans);
  const pids = trace.traceEvents.filter(({ name }) => name === 'process_name').map(({ pid }) => pid);
  expect(new Set(pids).size).toBe(3);
  expect(faultsOf(trace)).toEqual([]);
});

test('times count from the first thing there is, whose date is told', () => {
  const { traceEvents, otherData } = toChromeTrace(
    [span('root', '', [5, 6])],
    [record({ time: EPOCH_SECONDS * 1000 + 2 })],
  );
  expect(otherData.start).toBe(new Date(EPOCH_SECONDS * 1000 + 2).toISOString());
  expect(traceEvents.find(({ ph }) => ph === 'i')?.ts).toBe(0);
  expect(traceEvents.find(({ ph }) => ph === 'X')?.ts).toBe(3000);
});

test('the shortest spans and the latest events are left out beyond the limits, and counted', () => {
  const events = [10, 30, 20].map((ms) => record({ time: EPOCH_SECONDS * 1000 + ms }));
  const trace = toChromeTrace(REQUEST, events, { maxSpans: 2, maxEvents: 2 });
  expect(Object.keys(placesOf(trace)).sort()).toEqual(['process', 'root']);
  expect(trace.traceEvents.filter(({ ph }) => ph === 'i').map(({ ts }) => ts)).toEqual([10_000, 20_000]);
  expect(trace.otherData).toMatchObject({ spans: 2, spans_left_out: 3, events: 2, events_left_out: 1 });
  expect(faultsOf(trace)).toEqual([]);
});

test('hostile names, attributes and records do no harm', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const attributes = {
    ['__proto__']: 'a',
    constructor: '\ud800',
    list: ['a', 1, { b: 2 }],
    big: 10n,
    cyclic,
    symbol: Symbol('s'),
    nothing: null,
    infinite: Number.POSITIVE_INFINITY,
    long: 'x'.repeat(1e6),
    get bad(): string {
      throw new Error('hostile');
    },
  };
  const hostile = { ...span('root', '', [0, 10], { name: '"}]\u0000</script>\ud800' }), attributes };
  const records = [
    record({ time: Number.NaN }),
    record({ time: 1e300 }),
    record({ name: '\u001b[2J', text: '\u0007' }),
  ];
  const trace = toChromeTrace([hostile, null as never, 'text' as never], records);
  const text = JSON.stringify(trace);
  expect(text.length).toBeLessThan(6000);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(text).not.toMatch(/\\u00[01]|\\ud8|[\u0000-\u001f]/);
  const slice = trace.traceEvents.find(({ cat }) => cat === 'span,critical path');
  expect(Object.keys(slice?.args ?? {})).toEqual(expect.arrayContaining(['__proto__', 'constructor', 'list', 'big']));
  expect(slice?.args?.list).toBe('a, 1, {"b":2}');
  expect(trace.otherData).toMatchObject({ spans: 1, spans_unreadable: 2, events: 1, events_unreadable: 2 });
});

test('without attributes slices have no arguments', () => {
  const { traceEvents } = toChromeTrace(REQUEST, [], { attributes: false });
  expect(traceEvents.filter(({ ph, args }) => ph === 'X' && args !== undefined)).toEqual([]);
});

test('nothing makes an empty trace', () => {
  expect(toChromeTrace([])).toMatchObject({ traceEvents: [], otherData: { start: '', spans: 0 } });
});

test('whatever the spans are, each is drawn once, and no law of the viewers is broken', () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const trace = toChromeTrace(spans);
      expect(faultsOf(trace)).toEqual([]);
      const drawn = [...tracksOf(trace).values()].flat().filter(({ cat }) => cat !== 'critical path');
      expect(drawn.map(({ args }) => `${args?.trace_id} ${args?.span_id}`).sort()).toEqual(
        spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`).sort(),
      );
    }),
    runs(1000),
  );
});

test('speedscope draws each slice as it is written', async () => {
  const importTrace = loadSpeedscope();
  await fc.assert(
    fc.asyncProperty(anySpans, fc.boolean(), async (spans, attributes) => {
      const trace = toChromeTrace(spans, [], { attributes });
      fc.pre(spans.length > 0);
      const { threads, warnings } = await importTrace(JSON.stringify(trace));
      expect(warnings).toEqual([]);
      const drawn = [...threads].map(([thread, calls]) => [
        Number(/tid (\d+)\)$/.exec(thread)?.[1]),
        calls.map(({ name, start, end }) => `${name.split(' {')[0]} ${start} ${end}`),
      ]);
      const written = [...tracksOf(trace).values()].map((slices) => [
        slices[0]?.tid,
        slices.map(({ name, ts, dur }) => [name, ts - (slices[0]?.ts ?? 0), ts - (slices[0]?.ts ?? 0) + dur].join(' ')),
      ]);
      const byTrack = (a: unknown[], b: unknown[]): number => Number(a[0]) - Number(b[0]);
      expect(drawn.sort(byTrack)).toEqual(written.sort(byTrack));
    }),
    runs(200),
  );
});

test('tens of thousands of spans at once, side by side or one within the other, are laid out', () => {
  const COUNT = IS_LONG ? 100_000 : 20_000;
  const beside = Array.from({ length: COUNT }, (_, i) => span(`s${i}`, 'root', [i / 1000, 1000 + i / 1000]));
  expect(toChromeTrace(beside, [], { criticalPaths: 1 }).otherData.spans).toBe(COUNT);
  const chain = Array.from({ length: COUNT }, (_, i) => span(`s${i}`, `s${i - 1}`, [i / 1000, 1000 - i / 1000]));
  expect(faultsOf(toChromeTrace(chain.slice(0, 2000)))).toEqual([]);
  expect(toChromeTrace(chain, [], { criticalPaths: 1 }).otherData.spans).toBe(COUNT);
});

test.each([
  ['criticalPaths', 0, -1],
  ['criticalPaths', 1000, 1001],
  ['maxSpans', 1, 0],
  ['maxSpans', 1_000_000, 1.5],
  ['maxEvents', 0, -1],
  ['attributes', false, 'no'],
])('option %s may be %p and not %p', (option, good, bad) => {
  expect(() => toChromeTrace(REQUEST, [], { [option]: good })).not.toThrow();
  expect(() => toChromeTrace(REQUEST, [], { [option]: bad })).toThrow(new RegExp(`^toChromeTrace: ${option} must be`));
});

test('an option left undefined has its default, and an unknown one is refused', () => {
  const undefinedOptions = Object.fromEntries(Object.keys(CHROME_TRACE_DEFAULTS).map((key) => [key, undefined]));
  expect(toChromeTrace(REQUEST, [], undefinedOptions)).toEqual(toChromeTrace(REQUEST));
  expect(() => toChromeTrace(REQUEST, [], { spans: 1 } as never)).toThrow('"spans" is not an option');
});

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-chrome-trace-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is the trace as JSON, and for its owner only', async () => {
    const many = Array.from({ length: 1234 }, (_, i) => span(`s${i}`, '', [i, i + 1]));
    for (const spans of [[], REQUEST, many]) {
      const trace = toChromeTrace(spans);
      const file = join(folder, `${spans.length}.json`);
      await writeChromeTrace(file, trace);
      const text = readFileSync(file, 'utf8');
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(trace)));
      expect(text.indexOf('"displayTimeUnit"')).toBeLessThan(text.indexOf('"traceEvents"'));
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  test('takes a file that others could read for itself', async () => {
    const file = join(folder, 'open.json');
    writeFileSync(file, 'what was there is longer than a trace without spans'.repeat(10), { mode: 0o644 });
    await writeChromeTrace(file, toChromeTrace([]));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('traceEvents');
  });

  test('that is none is refused with a sentence', () => {
    expect(() => toChromeTrace(5 as never)).toThrow('toChromeTrace: spans must be iterable, such as an array, got 5');
    expect(() => toChromeTrace([], { attributes: false } as never)).toThrow('toChromeTrace: events must be iterable');
  });

  test('that cannot be written is told', async () => {
    await expect(writeChromeTrace(join(folder, 'none', 'a.json'), toChromeTrace(REQUEST))).rejects.toThrow('ENOENT');
  });
});
