import { SpanKind } from '@opentelemetry/api';
import { criticalPath } from '../../src/critical-path/critical-path.ts';
import { formatCriticalPath, formatTrace } from '../../src/critical-path/format/format-trace.ts';
import { widthOf } from '../../src/critical-path/format/terminal.ts';
import type { PlainTraceSpan } from '../../src/critical-path/types.ts';
import { span } from './spans.ts';

const SPANS: readonly PlainTraceSpan[] = [
  span('root', '', [0, 182], {
    name: 'GET /report/:id',
    thread: 0,
    kind: SpanKind.SERVER,
    attributes: { 'sonde.blame.gc': 0.02, 'sonde.blame.pool': 0.05, 'sonde.blame.cpu': 0.0001 },
  }),
  span('send', 'root', [20, 20.4], { name: 'send render', kind: SpanKind.PRODUCER }),
  span('process', 'send', [38, 150], { name: 'process render', thread: 3, kind: SpanKind.CONSUMER }),
  span('layout', 'process', [48, 139], { name: 'layout', pid: 77, status: { code: 2 } }),
  span('audit', 'root', [25, 60], { name: 'audit' }),
  span('lost', 'nobody', [150, 170], { name: 'lost child' }),
  span('log', 'root', [180, 400], { name: 'write log' }),
];

test('the path is a tree of the spans it goes through, with their share, their time and their waits', () => {
  expect(formatCriticalPath(criticalPath(SPANS), { width: 100, hasColour: false })).toBe(`\
GET /report/:id  182 ms, 7 spans, 2 processes, 3 threads, trace 0af7651916cd43dd8448eb211c80319c
                      process #thre…    on path    share  0                       182 ms
● GET /report/:id     service-1 1       49.6 ms   27.3 %  ██████──────────────────────██
    17.6 ms of it until “process render” began
    blame of the whole span: pool 50 ms, gc 20 ms
● ├ send render       service-1 1        400 µs   0.22 %     █
● │ └ process render  service-1 1 #3      21 ms   11.5 %        ██───────────────██
        10 ms of it until “layout” began
● │   └ layout        service-77 77       91 ms     50 %          ███████████████
● └ lost child        service-1 1         20 ms     11 %                           ███
      its parent is missing
  1 span put under the root, because the parent is missing
  1 span ran on after the root had ended
`);
});

test('the trace shows everything, and marks the path', () => {
  expect(formatTrace(criticalPath(SPANS), { width: 100, hasColour: false })).toBe(`\
GET /report/:id  182 ms, 7 spans, 2 processes, 3 threads, trace 0af7651916cd43dd8448eb211c80319c
                      process #thre…    on path    share  0                       182 ms
● GET /report/:id     service-1 1       49.6 ms   27.3 %  ██████──────────────────────██
    17.6 ms of it until “process render” began
    blame of the whole span: pool 50 ms, gc 20 ms
● ├ send render       service-1 1        400 µs   0.22 %     █
● │ └ process render  service-1 1 #3      21 ms   11.5 %        ██───────────────██
        10 ms of it until “layout” began
● │   └ layout        service-77 77       91 ms     50 %          ███████████████
  ├ audit             service-1 1                             ──────
● ├ lost child        service-1 1         20 ms     11 %                           ███
      its parent is missing
  └ write log         service-1 1                                                      ─
  1 span put under the root, because the parent is missing
  1 span ran on after the root had ended
`);
});

test('an HTTP span that is named by its method alone is shown with its path', () => {
  const spans = [
    span('a', '', [0, 9], { name: 'GET', attributes: { 'url.path': '/a' } }),
    span('b', 'a', [0, 9], { name: 'POST', attributes: { 'url.full': 'http://host:80/b?c#d' } }),
    span('c', 'b', [0, 9], { name: 'GET', attributes: { 'url.full': 'nowhere' } }),
    span('d', 'c', [0, 9], { name: 'GET /d/:id', attributes: { 'url.path': '/d/7' } }),
  ];
  expect(criticalPath(spans).tree.map(({ name }) => name)).toEqual(['GET /a', 'POST /b', 'GET', 'GET /d/:id']);
});

test('blame is told in the sentence of whoever blames, and not told where nothing is known', () => {
  const blamed = (attributes: object): string =>
    formatTrace(
      criticalPath([span('root', '', [0, 10], { attributes: { 'sonde.blame.unexplained': 0.01, ...attributes } })]),
      { hasColour: false },
    );
  expect(blamed({ 'sonde.blame.gc': 0.01, 'sonde.blame.summary': 'waited 10 ms: 10 ms gc' })).toContain(
    '\n    waited 10 ms',
  );
  expect(blamed({ 'sonde.blame.gc': 0.002, 'sonde.blame.cpu': 0.0001 })).toContain('unexplained 10 ms, gc 2 ms');
  expect(blamed({ 'sonde.blame.gc': 0.0009 })).not.toContain('gc');
  expect(blamed({})).not.toContain('blame');
});

describe('colours', () => {
  const { env, stdout } = process;
  const before = { forced: env.FORCE_COLOR, hasColors: stdout.hasColors };
  const isColoured = (options = {}): boolean => formatTrace(criticalPath(SPANS), options).includes('\u001b[33m');

  afterEach(() => {
    delete env.FORCE_COLOR;
    if (before.forced !== undefined) env.FORCE_COLOR = before.forced;
    stdout.hasColors = before.hasColors;
  });

  test.each([
    ['1', true],
    ['', true],
    ['0', false],
    ['false', false],
  ])('FORCE_COLOR=%s decides: %p', (forced, expected) => {
    env.FORCE_COLOR = forced;
    expect(isColoured()).toBe(expected);
    expect(isColoured({ hasColour: !expected })).toBe(!expected);
  });

  test.each([true, false])('else the terminal does, which heeds NO_COLOR: %p', (expected) => {
    delete env.FORCE_COLOR;
    stdout.hasColors = () => expected;
    expect(isColoured()).toBe(expected);
  });
});

test.each([60, 61, 79, 80, 120, 1000])('no line is wider than %d cells', (width) => {
  const wide = SPANS.map((one) => ({ ...one, name: `${one.name} 日本語の長い名前 👩‍👩‍👧 ${'x'.repeat(300)}` }));
  for (const line of formatTrace(criticalPath(wide), { width, hasColour: false }).split('\n').slice(1)) {
    expect(widthOf(line)).toBeLessThanOrEqual(width);
  }
});

test('names cannot steer the terminal', () => {
  const names = ['\u001b[2J\u0007', 'a\nb\r', '\u202egnp.exe', '\ud800', '__proto__', 'constructor'];
  const spans = [
    span('root', '', [0, 10], { name: names[0] as string }),
    ...names.map((name, i) => span(`s${i}`, 'root', [i, i + 1], { name, thread: i })),
  ];
  const text = formatTrace(criticalPath(spans), { hasColour: false });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]|\p{Cs}/u);
  expect(text.split('\n').length).toBe(2 + spans.length + 1);
});

test('of too many spans the path and the longest are shown, below the nearest ancestor that is', () => {
  const spans = [span('root', '', [0, 1000]), span('on path', 'root', [0, 1000], { thread: 1 })];
  for (let i = 0; i < 500; i += 1) spans.push(span(`short${i}`, 'root', [i, i + 0.5]));
  spans.push(span('long', 'short1', [2, 900]));
  const lines = formatTrace(criticalPath(spans), { maxLines: 3, hasColour: false }).split('\n');
  expect(lines.slice(2).map((line) => line.slice(0, 12).trim())).toEqual([
    '● root',
    '● ├ on path',
    '└ long',
    'and 500 sp',
    '',
  ]);
});

test('a chain of 10,000 spans is not indented without end', () => {
  const spans = [span('s0', '', [0, 1e5])];
  for (let i = 1; i < 10_000; i += 1) spans.push(span(`s${i}`, `s${i - 1}`, [i, 1e5 - i]));
  const text = formatTrace(criticalPath(spans), { maxLines: 10_000, width: 100, hasColour: false });
  expect(text.split('\n').length).toBeGreaterThan(10_000);
  expect(text.length).toBeLessThan(10_000 * 130);
});

test.each([
  ['width', 60, 59],
  ['width', 1000, 1001],
  ['maxLines', 1, 0],
  ['maxLines', 100_000, 1.5],
  ['hasColour', true, 'yes'],
])('option %s may be %p and not %p', (option, good, bad) => {
  const path = criticalPath(SPANS);
  expect(() => formatTrace(path, { [option]: good })).not.toThrow();
  expect(() => formatTrace(path, { [option]: bad })).toThrow(new RegExp(`^formatTrace: ${option} must be`));
});

test('an unknown option is refused', () => {
  expect(() => formatCriticalPath(criticalPath(SPANS), { colour: true } as never)).toThrow('"colour" is not an option');
});

test.each([
  [{}, '{}'],
  [SPANS.slice(0, 1), '[ [Object] ]'],
  [undefined, 'undefined'],
  [null, 'null'],
  ['path', "'path'"],
])('what is no critical path is refused: %p', (path, shown) => {
  for (const format of [formatCriticalPath, formatTrace]) {
    expect(() => format(path as never)).toThrow(
      new TypeError(`${format.name}: path must be what criticalPath(spans) returns, got ${shown}`),
    );
  }
});
