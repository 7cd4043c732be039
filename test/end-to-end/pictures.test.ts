import { createRandom } from '../../examples/quickstart/src/random.ts';
import { chartLines } from '../../examples/quickstart/src/report/chart-text.ts';
import { renderHtml } from '../../examples/quickstart/src/report/html.ts';
import { messagesSection } from '../../examples/quickstart/src/report/messages-section.ts';
import {
  type Block,
  type Chart,
  type Section,
  type Table,
  textOf,
} from '../../examples/quickstart/src/report/model.ts';
import { renderText } from '../../examples/quickstart/src/report/text.ts';
import { timelineSection } from '../../examples/quickstart/src/report/timeline-section.ts';
import { traceSection } from '../../examples/quickstart/src/report/trace-section.ts';
import { displayWidth } from '../../examples/quickstart/src/report/width.ts';
import type { MetricPoint, Origin, SpanRecord } from '../../examples/quickstart/src/telemetry/otlp.ts';
import { createTelemetryStore } from '../../examples/quickstart/src/telemetry/store.ts';
import { createTimeline } from '../../examples/quickstart/src/telemetry/timeline.ts';
import { createTraceStore, pathOf } from '../../examples/quickstart/src/telemetry/traces.ts';

const HOSTILE = '</svg><script>alert(1)</script>\u001b[2J\u202e';
const SHOP = originOf(1, 'shop');

function originOf(pid: number, service: string, thread?: number): Origin {
  const attributes = new Map<string, unknown>([
    ['process.pid', pid],
    ['service.name', service],
  ]);
  if (thread !== undefined) attributes.set('thread.id', thread);
  return { pid, service, attributes };
}

const textOfSection = (section: Section, width = 120): string =>
  renderText({ title: '', facts: [], sections: [section] }, { width, hasColour: false });
const htmlOfSection = (section: Section): string => renderHtml({ title: '', facts: [], sections: [section] });

describe('the timeline', () => {
  const served = (timeMs: number, counts: readonly number[], more: Partial<MetricPoint> = {}): MetricPoint => ({
    origin: SHOP,
    timeMs,
    scope: 'http',
    name: 'http.server.request.duration',
    unit: 's',
    attributes: new Map(),
    value: 0,
    count: counts.reduce((sum, one) => sum + one, 0),
    max: 0,
    bounds: [0.1, 1],
    bucketCounts: counts,
    ...more,
  });
  const heap = (timeMs: number, value: number): MetricPoint =>
    served(timeMs, [], { name: 'v8js.memory.heap.used', value, count: 0 });
  const failed = new Map([['http.response.status_code', 503]]);

  test('is what happened between two collections, of one process', () => {
    const timeline = createTimeline(1);
    timeline.add([served(1_000, [100, 0, 0]), heap(1_000, 10), heap(1_000, 5)]);
    timeline.add([served(2_000, [9, 9, 9], { origin: originOf(2, 'stock') })]);
    timeline.add([served(3_000, [100, 50, 0]), served(3_000, [10, 0, 0], { attributes: failed }), heap(3_000, 30)]);
    expect(timeline.samples).toEqual([
      { atMs: 3_000, requestsPerSecond: 30, errorsPerSecond: 5, p99Ms: expect.closeTo(989.2, 1), heapBytes: 30 },
    ]);
  });

  test('takes a counter that begins again, a collection told twice and a quiet second for what they are', () => {
    const timeline = createTimeline(1);
    timeline.add([served(1_000, [100, 0, 0])]);
    timeline.add([served(1_000, [120, 0, 0])]);
    timeline.add([served(2_000, [5, 0, 0])]);
    timeline.add([served(3_000, [5, 0, 0])]);
    timeline.add([]);
    expect(timeline.samples.map(({ requestsPerSecond, p99Ms }) => [requestsPerSecond, p99Ms])).toEqual([
      [0, Number.NaN],
      [0, Number.NaN],
    ]);
  });

  test('without metrics says so', () => {
    const section = timelineSection({ samples: [], faults: [], anomalies: [], startMs: 0, elapsedMs: 1_000 });
    expect(textOfSection(section)).toContain('Too few metrics arrived.');
  });

  test('stands in text and HTML with the faults at their times', () => {
    const samples = Array.from({ length: 60 }, (_, i) => ({
      atMs: 1_000 * i,
      requestsPerSecond: 100,
      errorsPerSecond: i >= 30 && i < 45 ? 40 : 0,
      p99Ms: Number.NaN,
      heapBytes: i * 2 ** 20,
    }));
    const storm = {
      id: 0,
      kind: 'error-storm' as const,
      startMs: 30_000,
      durationMs: 15_000,
      route: HOSTILE,
      share: 0.4,
    };
    const section = timelineSection({ samples, faults: [storm], anomalies: [], startMs: 0, elapsedMs: 60_000 });
    const rows = textOfSection(section).split('\n');
    const errors = rows.find((row) => row.includes('errors/s')) ?? '';
    const marks = rows.find((row) => row.includes('faults')) ?? '';
    expect(marks.indexOf('E')).toBe(errors.indexOf('█'));
    expect(Math.abs(marks.lastIndexOf('E') - errors.lastIndexOf('█'))).toBeLessThanOrEqual(2);
    expect(errors.trimEnd().endsWith('40.0')).toBe(true);
    const html = htmlOfSection(section);
    expect(html).toContain('class="mark"');
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('NaN');
  });

  test.each([40, 80, 118])('as text is at most %i cells wide, and no fault hides another', (width) => {
    const random = createRandom(5);
    const marks = Array.from({ length: 12 }, (_, i) => {
      const fromMs = random() * 80_000;
      return { letter: String.fromCharCode(65 + i), fromMs, toMs: fromMs + random() * 30_000, text: '' };
    });
    const points = Array.from({ length: 500 }, (_, i) => ({ atMs: i * 180, value: random() }));
    const curve = { title: 'curve', points, scale: 'linear', peak: '1' } as const;
    const chart: Chart = { kind: 'chart', durationMs: 90_000, curves: [curve], marks, notices: [] };
    const lines = chartLines(chart, width);
    for (const line of lines) expect(displayWidth(line.trimEnd())).toBeLessThanOrEqual(width);
    for (const { letter } of marks) expect(lines.slice(1, -1).join('')).toContain(letter);
  });
});

describe('traces', () => {
  const span = (spanId: string, parentSpanId: string, more: Partial<SpanRecord> = {}): SpanRecord => {
    const { startMs = 0, durationMs = 100 } = more;
    const at = (ms: number): readonly [number, number] => [1_700_000_000 + Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
    return {
      origin: SHOP,
      scope: '',
      name: spanId,
      kind: 2,
      traceId: 'aa',
      spanId,
      parentSpanId,
      ot: undefined,
      start: at(startMs),
      end: at(startMs + durationMs),
      isError: false,
      attributes: new Map(),
      links: [],
      ...more,
      startMs,
      durationMs,
    };
  };
  /** GET -> a thread of the pool -> a forked process -> a service, with one helper beside the path. */
  const LONG_WAY: readonly SpanRecord[] = [
    span('root', '', { attributes: new Map<string, unknown>([['sonde.blame.child_service', 0.08]]) }),
    span('thread', 'root', { kind: 5, startMs: 10, durationMs: 80, origin: originOf(1, 'shop', 3) }),
    span('child', 'thread', { kind: 5, startMs: 20, durationMs: 60, origin: originOf(2, 'forecaster') }),
    span('service', 'child', { kind: 2, startMs: 30, durationMs: 40, origin: originOf(3, 'stock') }),
    span(HOSTILE, 'child', { kind: 1, startMs: 45, durationMs: 5, origin: originOf(2, 'forecaster') }),
  ];
  const storeOf = (spans: readonly SpanRecord[]): ReturnType<typeof createTraceStore> => {
    const store = createTraceStore();
    for (const one of spans) store.add(one);
    return store;
  };
  const sectionOf = (spans: readonly SpanRecord[]): Section => traceSection({ traces: storeOf(spans), startMs: 0 });
  const treesOf = ({ blocks }: Section): Block[] => blocks.filter(({ kind }) => kind === 'trace');

  test('that go through threads and processes are one tree, whose critical path goes all the way', () => {
    const slowest = storeOf(LONG_WAY).slowest();
    const path = slowest && pathOf(slowest);
    expect(path?.tree.map(({ name, depth, isOnPath }) => [name, depth, isOnPath])).toEqual([
      ['root', 0, true],
      ['thread', 1, true],
      ['child', 2, true],
      ['service', 3, true],
      [HOSTILE, 3, false],
    ]);
    expect(new Set(path?.tree.map(({ process, thread }) => `${process} ${thread}`)).size).toBe(4);
    expect(path?.segments.reduce((sum, { selfMs }) => sum + selfMs, 0)).toBeCloseTo(100);
  });

  test('stand in the report with what they were blamed on', () => {
    const text = textOfSection(sectionOf(LONG_WAY));
    expect(text).toMatch(/● root +shop 1/);
    expect(text).toMatch(/80 ms +80 % +█+ +other threads, processes and services at work for it/);
  });

  test('that stay in one thread are said to', () => {
    expect(textOfSection(sectionOf([span('root', '')]))).toContain(
      'No trace in this run goes on in another thread or process',
    );
  });

  test('of which the slowest stays in one thread stand beside the one that went farthest', () => {
    const slow = span('slow', '', { traceId: 'bb', durationMs: 900 });
    const section = sectionOf([...LONG_WAY, slow]);
    expect(treesOf(section)).toHaveLength(2);
    expect(section.blocks.flatMap((block) => (block.kind === 'lines' ? block.lines.map(textOf) : []))).toEqual(
      expect.arrayContaining([
        'The slowest: slow, 900 ms, at 0.0 s.',
        'The slowest through 4 threads and processes: root, 100 ms, at 0.0 s.',
      ]),
    );
  });

  test('carry nothing hostile into a terminal or a page', () => {
    const section = sectionOf(LONG_WAY);
    const text = textOfSection(section);
    expect([...text].filter((one) => (one < ' ' && one !== '\n') || one === '\u202e')).toEqual([]);
    const html = htmlOfSection(section);
    expect(html).toContain('class="path-bar"');
    expect(html).not.toContain('<script>');
    expect(html.split('</svg>').length).toBe(html.split('<svg').length);
  });

  test('are kept in bounded memory, the slowest for as long as it is the slowest', () => {
    const store = createTraceStore();
    store.add(span('slow', '', { traceId: 'slow', durationMs: 5_000 }));
    for (let i = 0; i < 60_000; i++) store.add(span(`s${i}`, '', { traceId: `t${i}`, durationMs: i % 50 }));
    expect(store.slowest()?.root.traceId).toBe('slow');
    expect(store.forgotten).toBeGreaterThan(15_000);
    store.add(span('slower', '', { traceId: 'slower', durationMs: 6_000 }));
    expect(store.slowest()?.root.traceId).toBe('slower');
  });

  test('of a server that another span asked for are not taken for requests from outside', () => {
    expect(storeOf(LONG_WAY.slice(1)).slowest()).toBeUndefined();
  });
});

describe('messages', () => {
  const point = (name: string, pid: number, more: Partial<MetricPoint> = {}): MetricPoint => ({
    origin: originOf(pid, pid === 1 ? 'shop' : 'forecaster'),
    timeMs: 0,
    scope: '@sonde/instrumentation-ipc',
    name,
    unit: '',
    attributes: new Map([
      ['messaging.system', 'nodejs.child_process'],
      ['messaging.destination.name', HOSTILE],
    ]),
    value: 0,
    count: 0,
    max: 0,
    bounds: [],
    bucketCounts: [],
    ...more,
  });
  const storeOf = (all: readonly MetricPoint[]) => ({
    requests: () => [],
    metric: (wanted: string) => all.filter(({ name }) => name === wanted),
  });

  test('are told by process, channel and peer', () => {
    const wait = { count: 10, bounds: [0.001, 0.01], bucketCounts: [0, 10, 0] };
    const section = messagesSection(
      storeOf([
        point('messaging.client.sent.messages', 1, { value: 7 }),
        point('sonde.ipc.queue.wait', 2, wait),
        point('messaging.process.duration', 2, { count: 10, bounds: [0.001], bucketCounts: [10, 0] }),
        point('sonde.ipc.context.missed', 2, { value: 3 }),
      ]),
    );
    const [table] = section?.blocks.filter((block): block is Table => block.kind === 'table') ?? [];
    const cells = table?.rows.map((row) => row.map(textOf)) ?? [];
    expect(cells.map((row) => [...row.slice(0, 2), ...row.slice(3)])).toEqual([
      ['forecaster', 'child_process', '0', '10', '5.5 ms', '9.91 ms', '990 µs', '3'],
      ['shop', 'child_process', '7', '0', '-', '-', '-', '0'],
    ]);
    expect(htmlOfSection(section ?? { title: '', blocks: [] })).not.toContain('<script>');
  });

  test('have no section where there were none', () => expect(messagesSection(storeOf([]))).toBeUndefined());
});

describe('the store', () => {
  const metricsOf = (pid: number, asInt: number): object => ({
    resourceMetrics: [
      {
        resource: {
          attributes: [
            { key: 'process.pid', value: { intValue: pid } },
            { key: 'service.name', value: { stringValue: `service-${pid}` } },
          ],
        },
        scopeMetrics: [{ metrics: [{ name: 'm', sum: { dataPoints: [{ asInt }] } }] }],
      },
    ],
  });

  test('tells processes apart that export the same series', () => {
    const store = createTelemetryStore(() => 0);
    store.accept('metrics', metricsOf(1, 10));
    store.accept('metrics', metricsOf(2, 20));
    store.accept('metrics', metricsOf(1, 11));
    expect(store.metric('m').map(({ value }) => value)).toEqual([11, 20]);
    expect(store.ofProcess(2).metric('m')[0]?.value).toBe(20);
    expect(store.processes()).toEqual([
      { pid: 1, service: 'service-1', spans: 0 },
      { pid: 2, service: 'service-2', spans: 0 },
    ]);
  });

  test('reads times to the nanosecond', () => {
    const store = createTelemetryStore(() => 0);
    const traces = createTraceStore();
    store.onSpan(traces.add);
    const times = { startTimeUnixNano: '1700000000123456789', endTimeUnixNano: '1700000001123456790' };
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [{ kind: 2, traceId: 'a', spanId: 'b', ...times }] }] }] };
    store.accept('traces', body);
    expect(traces.slowest()?.root).toMatchObject({
      start: [1_700_000_000, 123_456_789],
      end: [1_700_000_001, 123_456_790],
    });
  });
});
