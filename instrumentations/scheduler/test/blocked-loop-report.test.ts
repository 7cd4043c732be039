import fc from 'fast-check';
import type { Sample } from '../src/blocked-loop.ts';
import { describeStall } from '../src/blocked-loop-report.ts';
import { parseRunningContext } from '../src/running-stack.ts';
import type { LongTurn } from '../src/types.ts';
import type { Look } from '../src/watch-memory.ts';
import { runs } from './seed.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const turn: LongTurn = { turn: 7, startTime: 1_000, durationMs: 400, uncertaintyMs: 0, roots: [] };
const frames = [
  { function: 'pbkdf2Sync', file: 'node:internal/crypto/pbkdf2', line: 1, column: 2 },
  { function: 'signIn', file: 'file:///srv/sessions.js', line: 31, column: 4 },
];

/** The clock of the thread began at 900: the stall lasts from 100 to 500. */
const times = { cpuNow: undefined, timeOriginMs: 900 };

function sample(...looks: readonly Look[]): Sample {
  return { kind: 'sample', looks, mark: undefined };
}

test('a stall that was seen tells the culprit, the route and the trace', () => {
  const context = JSON.stringify({ traceId: TRACE, spanId: SPAN, traceFlags: 1, route: '/sessions' });
  const { report, spanContext } = describeStall(turn, sample({ atMs: 200, frames, context, isLate: false }), times);
  expect(report).toEqual({
    ...turn,
    culprit: frames[1],
    stack: frames,
    route: '/sessions',
    traceId: TRACE,
    spanId: SPAN,
    missed: undefined,
    cpuMs: undefined,
    runQueueMs: undefined,
    observedMs: undefined,
  });
  expect(spanContext).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
});

/** At a function of a module, for a trace. */
function lookAt(atMs: number, name: string, traceId = TRACE): Look {
  const seen = [{ function: name, file: `file:///srv/${name}.js`, line: Math.ceil(atMs), column: 1 }];
  return { atMs, frames: seen, context: JSON.stringify({ traceId, spanId: SPAN, route: `/${name}` }), isLate: false };
}

test('of several functions that were seen the one is named that took most of the time', () => {
  const named = (...looks: Look[]): unknown => describeStall(turn, sample(...looks), times).report.route;
  // 100 to 175, 175 to 300, and 300 to 500.
  expect(named(lookAt(150, 'a'), lookAt(200, 'b'), lookAt(400, 'c'))).toBe('/c');
  // 300 in parts against 100.
  expect(named(lookAt(150, 'a'), lookAt(200, 'b'), lookAt(300, 'b'), lookAt(400, 'a'))).toBe('/a');
  expect(named(lookAt(150, 'a'), lookAt(200, 'b'))).toBe('/b');
});

test('one function at work for two traces is told for the one that it worked for longer', () => {
  const other = TRACE.replace('0', '1');
  const looks = sample(lookAt(150, 'a'), lookAt(200, 'a', other), lookAt(400, 'a', other));
  expect(describeStall(turn, looks, times).report).toMatchObject({ traceId: other, culprit: { line: 400 } });
});

test('of functions that share a name, or have none, the place is told that stands for the longest time', () => {
  const looks = sample(lookAt(150, ''), lookAt(200, ''), lookAt(400, ''));
  expect(describeStall(turn, looks, times).report.culprit).toMatchObject({ line: 400 });
});

test('one function at work for two requests of one trace is told for the longer one', () => {
  const request = (atMs: number, rootSpanId: string): Look => ({
    ...lookAt(atMs, 'a'),
    context: JSON.stringify({ traceId: TRACE, spanId: SPAN, traceFlags: 1, rootSpanId, route: `/${rootSpanId}` }),
  });
  const looks = sample(request(150, 'short'), request(200, 'long'), request(400, 'long'));
  expect(describeStall(turn, looks, times)).toMatchObject({ rootSpanId: 'long', report: { route: '/long' } });
});

test('looks that double their distance name what took three quarters of a stall of seven thresholds in one piece', () => {
  const stall = fc.record({
    firstMs: fc.double({ min: 20, max: 90, noNaN: true }),
    from: fc.double({ min: 0, max: 0.25, noNaN: true }),
  });
  fc.assert(
    fc.property(stall, ({ firstMs, from }) => {
      const isLong = (atMs: number): boolean => atMs - 100 >= from * 400 && atMs - 100 < (from + 0.75) * 400;
      const looks: Look[] = [];
      for (let sinceMs = firstMs; sinceMs < 400; sinceMs *= 2)
        looks.push(lookAt(100 + sinceMs, isLong(100 + sinceMs) ? 'long' : 'short'));
      expect(describeStall(turn, sample(...looks), times).report.route).toBe('/long');
    }),
    runs(300),
  );
});

test('what was seen late names a trace only where no other was at work in the turn', () => {
  const context = JSON.stringify({ traceId: TRACE, spanId: SPAN, traceFlags: 1, route: '/sessions' });
  const late = sample({ atMs: 200, frames, context, isLate: true });
  const one = { traceId: TRACE, spanId: SPAN, route: '/sessions' };
  const told = (roots: LongTurn['roots']): unknown => describeStall({ ...turn, roots }, late, times).report.traceId;
  expect([told([]), told([one]), told([one, { ...one, traceId: TRACE.replace('0', '1') }])]).toEqual([
    TRACE,
    TRACE,
    undefined,
  ]);
});

test('CPU time tells work from waiting: it is that of the observed part', () => {
  const mark = { atMs: 50, runNanos: 1_000_000_000, waitNanos: 5_000_000 };
  const sighting = { kind: 'missed', turn: 7, reason: 'rate-limit', mark } as const;
  const cpuNow = { atMs: 350, runNanos: 1_020_000_000, waitNanos: 9_000_000 };
  const { report } = describeStall(turn, sighting, { ...times, cpuNow });
  expect(report).toMatchObject({ cpuMs: 20, runQueueMs: 4, observedMs: 300, missed: 'rate-limit', stack: [] });
  expect(report.culprit).toBeUndefined();
});

test('without a stack, the one trace that was active in the turn is the one; of several none is', () => {
  const one = { traceId: TRACE, spanId: SPAN, route: '/a' };
  const missed = { kind: 'missed', turn: 7, reason: 'too-late', mark: undefined } as const;
  const alone = describeStall({ ...turn, roots: [one] }, missed, times);
  expect(alone.report).toMatchObject({ traceId: TRACE, spanId: SPAN, route: '/a' });
  const several = describeStall({ ...turn, roots: [one, { ...one, route: '/b' }] }, missed, times);
  expect(several.report.traceId).toBeUndefined();
  expect(several.report.route).toBeUndefined();
});

test.each(['', 'null', '[]', '"x"', '{', '{"traceId":"zz","spanId":1}', `{"traceId":"${TRACE}","spanId":"short"}`])(
  'a context that is none gives none: %p',
  (text) => {
    expect(parseRunningContext(text)).toEqual({ spanContext: undefined, route: undefined });
  },
);

test('a route without a trace is a route', () => {
  expect(parseRunningContext('{"route":"/x"}')).toEqual({ spanContext: undefined, route: '/x' });
});

test('the tracestate comes along: without it nobody knew at which threshold the trace was kept', () => {
  const text = JSON.stringify({ traceId: TRACE, spanId: SPAN, traceFlags: 1, traceState: 'ot=th:8,vendor=x' });
  expect(parseRunningContext(text).spanContext?.traceState?.serialize()).toBe('ot=th:8,vendor=x');
});
