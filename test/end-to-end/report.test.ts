import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { type PlannedFault, planFaults } from '../../examples/quickstart/src/load/faults.ts';
import { FAULT_KINDS, type FaultKind, type PointFault } from '../../examples/quickstart/src/load/protocol.ts';
import { HELP, parseOptions } from '../../examples/quickstart/src/options.ts';
import { createRandom } from '../../examples/quickstart/src/random.ts';
import { summary } from '../../examples/quickstart/src/report/figures.ts';
import { collectFindings, type SlowOperation, type Stall } from '../../examples/quickstart/src/report/findings.ts';
import { bytes, duration, percent } from '../../examples/quickstart/src/report/format.ts';
import { renderHtml } from '../../examples/quickstart/src/report/html.ts';
import { match } from '../../examples/quickstart/src/report/matching.ts';
import {
  type Block,
  flexible,
  lines,
  type Report,
  right,
  type Table,
  table,
  textOf,
  toned,
} from '../../examples/quickstart/src/report/model.ts';
import { samplingSection } from '../../examples/quickstart/src/report/sampling-section.ts';
import { renderText } from '../../examples/quickstart/src/report/text.ts';
import { displayWidth, printable, shorten } from '../../examples/quickstart/src/report/width.ts';
import { createTelemetryStore } from '../../examples/quickstart/src/telemetry/store.ts';

const SEED = Number(process.env.SONDE_TEST_SEED ?? 20240229);
const HOSTILE = '/srv/\u001b[2J\u202egnp.exe/日本語の道/👩‍👩‍👧/\ud800<script>';

const tableOf = (path: string): Block => table([right('took'), flexible('path')], [['1.08 s', path]]);
const reportOf = (...blocks: Block[]): Report => ({
  title: 'Title',
  facts: [],
  sections: [{ title: 'Section', blocks }],
});
/** What would steer a terminal: control characters other than the end of a line, and direction overrides. */
const steering = (text: string): string[] => [...text].filter((one) => (one < ' ' && one !== '\n') || one === '\u202e');

describe('text', () => {
  test.each([40, 80, 160])('fits %i cells, whatever a path holds', (width) => {
    const long = `${HOSTILE}/${'directory/'.repeat(30)}file.txt`;
    const sentence = lines('a sentence that is longer than a narrow window has room for');
    const text = renderText(reportOf(tableOf(long), sentence), { width, hasColour: false });
    for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    expect(text).toContain('file.txt');
  });

  test('no control character of a path reaches the terminal, only colours of our own', () => {
    const blocks = [tableOf(HOSTILE), lines(toned(HOSTILE, 'warn'))];
    const text = renderText(reportOf(...blocks), { width: 120, hasColour: true });
    expect(text).toContain('\\x1b[2J');
    expect(text).toContain('\\u202e');
    expect(text).toContain('\u001b[33m');
    expect(steering(stripVTControlCharacters(text))).toEqual([]);
    expect(steering(renderText(reportOf(...blocks), { width: 120, hasColour: false }))).toEqual([]);
  });

  test('wide characters and joined emoji count as the two cells that they take', () => {
    expect(displayWidth('日本語')).toBe(6);
    expect(displayWidth('👩‍👩‍👧')).toBe(2);
    expect(displayWidth('e\u0301')).toBe(1);
  });

  test('a shortened text never takes more cells than allowed, and a text that fits stays whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 0, max: 40 }), (text, width) => {
        const clean = printable(text);
        const short = shorten(clean, width);
        return displayWidth(clean) <= width ? short === clean : displayWidth(short) <= width;
      }),
      { seed: SEED },
    );
  });

  test('HTML carries a hostile path as text', () => {
    const html = renderHtml(reportOf(tableOf(HOSTILE)));
    expect(html).not.toContain('<script>');
    expect(html).toContain('&#60;script&#62;');
  });
});

describe('figures', () => {
  test.each([
    [0.0000005, '1 ns'],
    [0.0123, '12.3 µs'],
    [1, '1 ms'],
    [999.4, '999 ms'],
    [1080, '1.08 s'],
    [200_000, '3.33 min'],
    [Number.NaN, '-'],
  ])('%d ms is written %s', (ms, text) => expect(duration(ms)).toBe(text));

  test('shares and sizes keep three digits, and a small share is never called zero', () => {
    expect([percent(0), percent(0.00001), percent(0.0107), percent(1)]).toEqual(['0 %', '<0.1 %', '1.07 %', '100 %']);
    expect([bytes(879), bytes(2048), bytes(32.1 * 2 ** 20)]).toEqual(['879 B', '2 KiB', '32.1 MiB']);
  });

  test('a quantile of merged histograms lies in the bucket that holds it', () => {
    const point = {
      origin: { pid: 1, service: '', attributes: new Map() },
      timeMs: 0,
      scope: '',
      name: '',
      unit: 's',
      attributes: new Map(),
      bounds: [1, 2, 4],
      max: 3,
      value: 10,
      count: 4,
    };
    const { count, quantile } = summary([
      { ...point, bucketCounts: [4, 0, 0, 0] },
      { ...point, bucketCounts: [0, 0, 4, 0] },
    ]);
    expect(count).toBe(8);
    expect(quantile(0.25)).toBeCloseTo(0.5);
    expect(quantile(0.75)).toBeGreaterThan(2);
    expect(quantile(1)).toBe(3);
    expect(summary([]).quantile(0.5)).toBeNaN();
  });
});

describe('faults against reports', () => {
  const slowFault: PointFault = {
    id: 0,
    kind: 'slow-file',
    route: '/a',
    startMs: 10_000,
    durationMs: 600,
    path: '/data/slow-0',
    slowness: 'late data',
  };
  const blockFault: PointFault = {
    id: 1,
    kind: 'blocked-loop',
    route: '/b',
    startMs: 20_000,
    durationMs: 800,
    culprit: 'spin',
    phase: 'after',
  };
  const slow: SlowOperation = {
    kind: 'slow operation',
    startMs: 10_002,
    durationMs: 600,
    receivedMs: 11_000,
    operation: 'read',
    mount: '/',
    path: '/data/slow-0',
    error: '',
    traceId: 'a',
    route: '/a',
    pid: 1,
    service: 'shop',
  };
  const stall: Stall = {
    kind: 'stall',
    startMs: 20_003,
    durationMs: 805,
    receivedMs: 21_500,
    functions: ['spin', 'handler'],
    place: 'b.ts:3',
    traceId: 'b',
    route: '/b',
    pid: 1,
    service: 'shop',
  };

  test('what was reported in time, with route and cause, is found and named', () => {
    const { outcomes, otherStalls } = match([slowFault, blockFault], [slow], [stall]);
    expect(outcomes.map(({ found, hasRoute, hasCause, afterMs }) => ({ found, hasRoute, hasCause, afterMs }))).toEqual([
      { found: slow, hasRoute: true, hasCause: true, afterMs: 1_000 },
      { found: stall, hasRoute: true, hasCause: true, afterMs: 1_500 },
    ]);
    expect(otherStalls).toEqual([]);
  });

  test.each<[string, Partial<SlowOperation>]>([
    ['another file of another route', { path: '/data/other', route: '/c' }],
    ['the same file an hour before', { startMs: 10_000 - 3_600_000 }],
    ['another file of the same route for a moment', { path: '/data/other', durationMs: 120 }],
  ])('%s does not pass for the slow file', (_what, change) => {
    expect(match([slowFault], [{ ...slow, ...change }], [stall]).outcomes[0]?.found).toBeUndefined();
  });

  test('the file of the fault itself is found however late its reader came', () => {
    const late = { ...slow, startMs: 10_480, durationMs: 120 };
    expect(match([slowFault], [late], []).outcomes[0]?.found).toEqual(late);
  });

  test('the file of the fault itself is found in a report that stands for earlier operations as well', () => {
    const folded = { ...slow, startMs: 10_000 - 4_500 };
    expect(match([slowFault], [folded], []).outcomes[0]?.found).toEqual(folded);
  });

  test('a request that had to queue before its handler ran takes its fault with it', () => {
    const late = { ...stall, startMs: 21_200 };
    expect(match([blockFault], [], [late]).outcomes[0]?.found).toBeUndefined();
    expect(match([{ ...blockFault, endMs: 22_100 }], [], [late]).outcomes[0]?.found).toEqual(late);
  });

  test('a stall answers for one fault only, and a stall of the wrong function is found but not named', () => {
    const twins = [blockFault, { ...blockFault, id: 2 }];
    expect(match(twins, [], [stall]).outcomes.map(({ found }) => found)).toEqual([stall, undefined]);
    const [wrong] = match([blockFault], [], [{ ...stall, functions: ['other'], route: '/c' }]).outcomes;
    expect(wrong).toMatchObject({ hasRoute: false, hasCause: false });
    expect(wrong?.found).toBeDefined();
  });

  test('stalls that nobody injected are told apart', () => {
    const stray = { ...stall, startMs: 30_000 };
    expect(match([blockFault], [], [stall, stray]).otherStalls).toEqual([stray]);
  });
});

describe('the plan of faults', () => {
  const ALL = new Set(FAULT_KINDS);
  const planOf = (seed: number, seconds: number, kinds: ReadonlySet<FaultKind> = ALL) =>
    planFaults(createRandom(seed), seconds * 1_000, kinds);
  const anyRun = [fc.nat(), fc.integer({ min: 5, max: 900 })] as const;
  const property = (check: (seed: number, seconds: number) => void): void =>
    fc.assert(fc.property(...anyRun, check), { seed: SEED, numRuns: 200 });
  const isLasting = ({ kind }: PlannedFault): boolean => !['slow-file', 'blocked-loop'].includes(kind);

  test('is the same for the same seed', () =>
    property((seed, seconds) => {
      expect(JSON.stringify(planOf(seed, seconds))).toBe(JSON.stringify(planOf(seed, seconds)));
    }));

  test('keeps two seconds between faults of one request, has both kinds where there is time, and ends quietly', () =>
    property((seed, seconds) => {
      const points = planOf(seed, seconds).filter((fault) => !isLasting(fault));
      for (const [i, { atMs }] of points.entries()) {
        expect(atMs).toBeGreaterThanOrEqual((points[i - 1]?.atMs ?? 0) + 2_000 - 1e-6);
        expect(atMs).toBeLessThanOrEqual(seconds * 1_000 - 3_000);
      }
      expect(new Set(points.map(({ kind }) => kind)).size).toBe(seconds < 9 ? 1 : 2);
    }));

  test('lets nothing happen to single requests while an error storm or a slow filesystem lasts, nor both of them at once', () =>
    property((seed, seconds) => {
      const plan = planOf(seed, seconds);
      const near = plan
        .filter(({ kind }) => kind === 'error-storm' || kind === 'slow-filesystem')
        .flatMap((phase) =>
          plan.filter(
            (other) =>
              other !== phase &&
              other.kind !== 'heap-leak' &&
              other.atMs < phase.atMs + phase.durationMs + 1_900 &&
              other.atMs + other.durationMs > phase.atMs - 700,
          ),
        );
      expect(near).toEqual([]);
    }));

  test('has all that lasts in a run of 90 seconds: after two fifths of it, for at least ten seconds, told apart by their starts', () =>
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const lasting = planOf(seed, 90).filter(isLasting);
        expect(lasting.map(({ kind }) => kind).sort()).toEqual(['error-storm', 'heap-leak', 'slow-filesystem']);
        for (const [i, { atMs, durationMs, kind }] of lasting.entries()) {
          expect(atMs).toBeGreaterThanOrEqual(36_000);
          expect(atMs - (lasting[i - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
          expect(durationMs).toBeGreaterThanOrEqual(10_000);
          if (kind !== 'heap-leak') expect(durationMs).toBeLessThanOrEqual(20_000);
          expect(atMs + durationMs).toBeLessThanOrEqual(90_000);
        }
      }),
      { seed: SEED, numRuns: 200 },
    ));

  test('never leaks more than 240 MiB at a time, and lets at most three threads wait for slow files', () =>
    property((seed, seconds) => {
      for (const fault of planOf(seed, seconds)) {
        if (fault.kind === 'heap-leak')
          expect((fault.bytesPerSecond * fault.durationMs) / 1_000).toBeLessThanOrEqual(240 * 2 ** 20 + 1);
        if (fault.kind === 'slow-filesystem') {
          const { filesPerSecond, shortestMs, longestMs } = fault;
          expect((filesPerSecond * (shortestMs + longestMs)) / 2_000).toBeLessThanOrEqual(3);
        }
      }
    }));

  test('holds no fault that was not asked for', () =>
    fc.assert(
      fc.property(...anyRun, fc.subarray([...FAULT_KINDS]), (seed, seconds, kinds) => {
        const planned = new Set(planOf(seed, seconds, new Set(kinds)).map(({ kind }) => kind));
        expect([...planned].filter((kind) => !kinds.includes(kind))).toEqual([]);
      }),
      { seed: SEED, numRuns: 100 },
    ));
});

describe('telemetry', () => {
  const slowSpan = {
    traceId: 'aa',
    spanId: 'child',
    parentSpanId: 'server',
    name: 'vfs readFile',
    kind: 1,
    startTimeUnixNano: '1000000000',
    endTimeUnixNano: '1600000000',
    attributes: [
      { key: 'sonde.vfs.operation', value: { stringValue: 'readFile' } },
      { key: 'file.path', value: { stringValue: '/x' } },
    ],
  };
  const traces = (scope: string, spans: object[]): object => ({
    resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans }] }],
  });
  const log = {
    resourceLogs: [
      {
        scopeLogs: [
          {
            scope: { name: '@sonde/event-bridge' },
            logRecords: [
              {
                timeUnixNano: '1600000000',
                severityNumber: 13,
                eventName: 'sonde.vfs.slow_operation',
                traceId: 'aa',
                spanId: 'server',
                attributes: [
                  { key: 'sonde.vfs.duration', value: { doubleValue: 0.6 } },
                  { key: 'sonde.vfs.operation', value: { stringValue: 'readFile' } },
                  { key: 'file.path', value: { stringValue: '/x' } },
                ],
              },
            ],
          },
        ],
      },
    ],
  };

  test('an operation told by a span and by a log record is one finding, with the route of the server span above', () => {
    let nowMs = 1_700;
    const store = createTelemetryStore(() => nowMs);
    const heard: unknown[] = [];
    const findings = collectFindings(store, (finding) => heard.push(finding));
    store.accept('traces', traces('@sonde/instrumentation-vfs', [slowSpan]));
    nowMs = 6_700;
    store.accept('logs', log);
    const server = {
      ...slowSpan,
      spanId: 'server',
      parentSpanId: '',
      name: 'GET',
      kind: 2,
      attributes: [{ key: 'http.route', value: { stringValue: '/products/:id' } }],
    };
    store.accept('traces', traces('@opentelemetry/instrumentation-http', [server]));
    expect(heard).toHaveLength(1);
    expect(findings.slowOperations()).toEqual([
      expect.objectContaining({
        startMs: 1_000,
        durationMs: 600,
        receivedMs: 1_700,
        path: '/x',
        route: '/products/:id',
      }),
    ]);
  });

  test.each([
    null,
    7,
    'text',
    [],
    { resourceSpans: 5 },
    { resourceSpans: [{ scopeSpans: [null, { spans: [null, {}] }] }] },
  ])('a body like %j does no harm', (body) => {
    const store = createTelemetryStore(() => 0);
    for (const signal of ['traces', 'metrics', 'logs'] as const) store.accept(signal, body);
    expect(store.requests()).toEqual([]);
  });

  test('attributes called __proto__ stay attributes', () => {
    const store = createTelemetryStore(() => 0);
    store.accept(
      'traces',
      traces('http', [
        {
          ...slowSpan,
          kind: 2,
          attributes: [
            { key: '__proto__', value: { stringValue: 'x' } },
            { key: 'http.route', value: { stringValue: '__proto__' } },
          ],
        },
      ]),
    );
    expect(store.requests().map(({ key }) => key)).toEqual([' __proto__']);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

test('what was kept is held against what was counted, route by route', () => {
  const store = createTelemetryStore(() => 0);
  const attributes = (route: string, more: object[] = []) => [
    { key: 'http.request.method', value: { stringValue: 'GET' } },
    { key: 'http.route', value: { stringValue: route } },
    ...more,
  ];
  const served = (route: string, requests: number) => ({
    attributes: attributes(route),
    count: requests,
    sum: 1,
    explicitBounds: [1],
    bucketCounts: [requests, 0],
  });
  const name = 'http.server.request.duration';
  const metric = { name, histogram: { dataPoints: [served('/busy', 40), served('/forgotten', 3)] } };
  store.accept('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
  // Ten spans at a quarter: the last seven bytes of the trace id are at least the threshold c.
  const spans = Array.from({ length: 10 }, (_, i) => ({
    name: 'GET /busy',
    kind: 2,
    startTimeUnixNano: '1000000000',
    endTimeUnixNano: `${1_010_000_000 + i}`,
    traceId: `${i}`.padStart(18, '0').padEnd(32, 'f'),
    spanId: `${i}`.padStart(16, '1'),
    traceState: 'other=1,ot=th:c',
    attributes: attributes('/busy'),
  }));
  store.accept('traces', { resourceSpans: [{ scopeSpans: [{ scope: { name: 'http' }, spans }] }] });
  const { blocks } = samplingSection(store, 5, 2000);
  const [rows] = blocks as [Table];
  expect(rows.rows.map((row) => row.map(textOf).slice(0, 4))).toEqual([
    ['GET', '/busy', '40', '10'],
    ['GET', '/forgotten', '3', '0'],
  ]);
  const [busy] = rows.rows;
  expect(textOf(busy?.[4] ?? '')).toMatch(/^40 ± \d+$/);
  expect(busy?.[4]).toMatchObject({ tone: 'good' });
  const text = renderText(
    { title: '', facts: [], sections: [{ title: '', blocks }] },
    { width: 120, hasColour: false },
  );
  expect(text).toContain('10 traces were kept, 5.0 a second; the budget is 5.');
  expect(text).toContain('in 1 of 1 routes');
});

describe('options', () => {
  test('hold what is documented where nothing is given', () => {
    expect(parseOptions([])).toMatchObject({ kind: 'demo', seconds: 90, rate: 120, traces: 20, faults: FAULT_KINDS });
    expect(HELP).toMatch(/--seconds N .* default 90/);
  });

  test('choose the kinds of faults, in whatever order', () => {
    expect(parseOptions(['--faults', 'heap-leak,slow-file'])).toMatchObject({ faults: ['slow-file', 'heap-leak'] });
    expect(parseOptions(['--faults=none'])).toMatchObject({ faults: [] });
    expect(parseOptions(['--faults=all'])).toMatchObject({ faults: FAULT_KINDS });
  });

  test.each([
    [['--faults', 'slow-files'], /--faults must be all, none, or some of slow-file,.*, got "slow-files"/],
    [['--faults', ''], /--faults must be all, none, or some of .*, got ""/],
    [['--trace', 'trace.html'], /--trace must end in \.json, got "trace\.html"/],
    [['--seconds', '4'], /--seconds must be a whole number from 5 to 3600, got "4"/],
    [['--seconds', '3601'], /--seconds must be a whole number from 5 to 3600, got "3601"/],
    [['--faults', 'none', 'app.js'], /--faults belongs to the sample service/],
  ])('%j is refused with a sentence that says what to type instead', (argv, sentence) => {
    expect(() => parseOptions(argv)).toThrow(sentence);
  });

  test('that write files are there for a program of your own as well', () => {
    expect(parseOptions(['--trace', 't.json', 'app.js', '--trace', 'x'])).toEqual({
      kind: 'program',
      file: 'app.js',
      args: ['--trace', 'x'],
      report: undefined,
      trace: 't.json',
    });
  });
});
