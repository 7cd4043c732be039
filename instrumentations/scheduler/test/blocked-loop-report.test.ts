import { describeStall } from '../src/blocked-loop-report.ts';
import { parseRunningContext } from '../src/running-stack.ts';
import type { LongTurn } from '../src/types.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const turn: LongTurn = { turn: 7, startTime: 1_000, durationMs: 400, uncertaintyMs: 0, roots: [] };
const frames = [
  { function: 'pbkdf2Sync', file: 'node:internal/crypto/pbkdf2', line: 1, column: 2 },
  { function: 'signIn', file: 'file:///srv/sessions.js', line: 31, column: 4 },
];

test('a stall that was seen tells the culprit, the route and the trace', () => {
  const context = JSON.stringify({ traceId: TRACE, spanId: SPAN, traceFlags: 1, route: '/sessions' });
  const sighting = { kind: 'sample', turn: 7, frames, context, isLate: false, mark: undefined } as const;
  const { report, spanContext } = describeStall(turn, sighting, undefined);
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

test('what was seen late names a trace only where no other was at work in the turn', () => {
  const context = JSON.stringify({ traceId: TRACE, spanId: SPAN, traceFlags: 1, route: '/sessions' });
  const late = { kind: 'sample', turn: 7, frames, context, isLate: true, mark: undefined } as const;
  const one = { traceId: TRACE, spanId: SPAN, route: '/sessions' };
  const told = (roots: LongTurn['roots']): unknown => describeStall({ ...turn, roots }, late, undefined).report.traceId;
  expect([told([]), told([one]), told([one, { ...one, traceId: TRACE.replace('0', '1') }])]).toEqual([
    TRACE,
    TRACE,
    undefined,
  ]);
});

test('CPU time tells work from waiting: it is that of the observed part', () => {
  const mark = { atMs: 50, runNanos: 1_000_000_000, waitNanos: 5_000_000 };
  const sighting = { kind: 'missed', turn: 7, reason: 'rate-limit', mark } as const;
  const { report } = describeStall(turn, sighting, { atMs: 350, runNanos: 1_020_000_000, waitNanos: 9_000_000 });
  expect(report).toMatchObject({ cpuMs: 20, runQueueMs: 4, observedMs: 300, missed: 'rate-limit', stack: [] });
  expect(report.culprit).toBeUndefined();
});

test('without a stack, the one trace that was active in the turn is the one; of several none is', () => {
  const one = { traceId: TRACE, spanId: SPAN, route: '/a' };
  const missed = { kind: 'missed', turn: 7, reason: 'too-late', mark: undefined } as const;
  const alone = describeStall({ ...turn, roots: [one] }, missed, undefined);
  expect(alone.report).toMatchObject({ traceId: TRACE, spanId: SPAN, route: '/a' });
  const several = describeStall({ ...turn, roots: [one, { ...one, route: '/b' }] }, missed, undefined);
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
