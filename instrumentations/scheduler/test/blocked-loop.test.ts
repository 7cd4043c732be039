import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EventRecord } from '@sonde/event-stream';
import type { BlockedLoopReport, LongTurn } from '@sonde/instrumentation-scheduler';
import { canBeNobody, isRoot, NOBODY_UID } from '../../../test/fixtures/nobody.ts';
import { type RunOptions, runForJson } from './fixtures/run-program.ts';

interface SeenSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTime: readonly [number, number];
  readonly endTime: readonly [number, number];
}

interface Seen {
  readonly reports: BlockedLoopReport[];
  readonly events: EventRecord[];
  readonly spans: SeenSpan[];
  readonly longTurns: LongTurn[];
  /** What was said through the diag logger. */
  readonly messages: string[];
}

const FILE = pathToFileURL(join(__dirname, 'fixtures', 'blocked-service.ts')).href;
/** Long enough that a watcher on a busy machine gets its turn. */
const BLOCK_MS = 900;

const run = (modes: string, options?: RunOptions) =>
  runForJson<Seen>('blocked-service.ts', [modes, String(BLOCK_MS)], options);

function requestOf({ spans }: Seen, mode: string): SeenSpan {
  const request = spans.find(({ attributes }) => attributes.mode === mode);
  if (request === undefined) throw new Error(`no request ${mode} in ${JSON.stringify(spans)}`);
  return request;
}

/** The report about a request; a busy machine may make a stall of its own. */
function reportOf(seen: Seen, mode: string): BlockedLoopReport {
  const { traceId } = requestOf(seen, mode);
  const report = seen.reports.find((one) => one.traceId === traceId && one.durationMs >= BLOCK_MS - 1);
  if (report === undefined) throw new Error(`no report about ${mode} in ${JSON.stringify(seen.reports)}`);
  return report;
}

const MODES = [
  ['synchronously', 'sync', 'burnCpu'],
  ['after its first await', 'await', 'burnCpu'],
  ['in a timer that it awaited', 'timer', 'burnCpu'],
  ['in two functions, the second for longer', 'first', 'burnCpu'],
  ['in two functions, the first for longer', 'last', 'burnCpu'],
  ['by waiting for a child process', 'exec', 'exec'],
  ['by waiting for another thread', 'atomics', 'atomics'],
] as const;

let seen: Seen;
/** Programs that block by waiting: they can run side by side. */
let debugged: Promise<Seen>;
let rationed: Promise<Seen>;
let timed: Promise<Seen>;
let restricted: Promise<Seen>;
let throwing: Promise<Seen>;
let unprivileged: Promise<Seen>;
beforeAll(async () => {
  seen = await run(MODES.map(([, mode]) => mode).join());
  // A machine that gave the watcher no CPU for as long as a stall took has tested nothing.
  if (seen.reports.some(({ missed }) => missed === 'too-late')) {
    seen = await run(MODES.map(([, mode]) => mode).join());
  }
  debugged = run('atomics', { execArgv: ['--inspect=127.0.0.1:0'] });
  rationed = run('atomics,exec', { env: { STACK_BUDGET: '1' } });
  restricted = run('atomics', { execArgv: ['--permission', '--allow-fs-read=*'] });
  throwing = run('atomics', { env: { THROWING_CALLBACK: '1' } });
  timed = run('timed');
  unprivileged = run('atomics', { env: isRoot ? { RUN_AS_UID: String(NOBODY_UID) } : {} });
  await Promise.allSettled([debugged, rationed, restricted, throwing, timed, unprivileged]);
}, 60_000);

test.each(MODES)('a route that blocks the loop %s is named, with function, file and line', (_, mode, name) => {
  const report = reportOf(seen, mode);
  expect(report).toMatchObject({ route: '/orders/:id', culprit: { function: name, file: FILE } });
  expect(report.missed).toBeUndefined();
  expect(report.culprit?.line).toBeGreaterThan(1);
  expect(report.culprit?.column).toBeGreaterThan(0);
  expect(report.stack.map((frame) => frame.function)).toEqual(expect.arrayContaining([name, 'handleOrder']));
});

test.each(MODES)('the event, the span and the ledger agree with the report: blocked %s', (_, mode, name) => {
  const report = reportOf(seen, mode);
  const event = seen.events.find((record) => record.value === report.durationMs / 1000);
  expect(event).toMatchObject({
    severity: 13,
    category: 'scheduler',
    detail: report.culprit?.line,
    labels: { 'code.function.name': name, 'http.route': '/orders/:id' },
    traceId: report.traceId,
    spanId: report.spanId,
  });
  expect(event?.text.split('\n')[0]).toBe(`at ${name} (${FILE}:${report.culprit?.line}:${report.culprit?.column})`);
  const request = requestOf(seen, mode);
  const stall = seen.spans.find(
    ({ name, parentSpanId }) => name === 'event loop blocked' && parentSpanId === request.spanId,
  );
  expect(stall).toMatchObject({
    traceId: report.traceId,
    attributes: {
      'code.function.name': name,
      'code.file.path': FILE,
      'code.line.number': report.culprit?.line,
      'http.route': '/orders/:id',
    },
  });
  const [startSeconds, startNanos] = stall?.startTime ?? [0, 0];
  expect(startSeconds * 1000 + startNanos / 1e6).toBeCloseTo(report.startTime, 0);
  const kept = seen.longTurns.find(({ turn }) => turn === report.turn);
  expect(kept?.durationMs).toBe(report.durationMs);
  expect(kept?.roots).toContainEqual({ traceId: request.traceId, spanId: request.spanId, route: '/orders/:id' });
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('CPU time tells a loop that worked from one that waited', () => {
  const worked = reportOf(seen, 'sync');
  const waited = reportOf(seen, 'atomics');
  const share = ({ cpuMs = 0, runQueueMs = 0, observedMs = 1 }: BlockedLoopReport) => (cpuMs + runQueueMs) / observedMs;
  expect(share(worked)).toBeGreaterThan(0.8);
  expect(waited.cpuMs).toBeLessThan((waited.observedMs ?? 0) / 2);
});

test('a process that somebody debugs is left alone: the report comes without a stack', async () => {
  const report = reportOf(await debugged, 'atomics');
  expect(report).toMatchObject({ missed: 'inspector', stack: [], route: '/orders/:id' });
});

test('stacks are rationed: beyond the budget a report has none', async () => {
  const all = await rationed;
  expect(reportOf(all, 'atomics').missed).toBeUndefined();
  expect(reportOf(all, 'exec')).toMatchObject({ missed: 'rate-limit', stack: [], route: '/orders/:id' });
});

test('without permission for workers the report comes without a stack, and it is said once', async () => {
  const all = await restricted;
  expect(reportOf(all, 'atomics')).toMatchObject({ missed: 'unavailable', route: '/orders/:id' });
  expect(all.messages.filter((message) => message.includes('blocked loops are reported without'))).toHaveLength(1);
});

(canBeNobody || !isRoot ? test : test.skip)(
  'a process that gave its privileges up may not look into /proc, and is watched by its heartbeat',
  async () => {
    const report = reportOf(await unprivileged, 'atomics');
    expect(report).toMatchObject({ route: '/orders/:id', culprit: { function: 'atomics', file: FILE } });
  },
);

test('a script that may be timed out is not looked at: a timeout that met the look would be lost', async () => {
  const report = reportOf(await timed, 'timed');
  expect(report).toMatchObject({ missed: 'unavailable', stack: [], route: '/orders/:id' });
});

test('a callback that throws harms nobody', async () => {
  const { events, messages } = await throwing;
  expect(events.some(({ name }) => name === 'sonde.scheduler.blocked_loop')).toBe(true);
  expect(messages.filter((message) => message.includes('onBlockedLoop'))).toHaveLength(1);
});

test('a source map leads to the original file', async () => {
  const { culprit } = await runForJson<{ culprit: unknown }>('mapped-program.mjs', [], {
    execArgv: ['--enable-source-maps'],
  });
  expect(culprit).toMatchObject({ function: 'original', line: 101, column: 1 });
  expect((culprit as { file: string }).file).toMatch(/original\.ts$/);
});
