import type { Span } from '@opentelemetry/api';
import { readWaits, WAITS, type WaitReader } from '@sonde/instrumentation-kit';
import { LoopWaits } from '../src/loop-waits.ts';
import { RAN_BEFORE, RUNS_ON } from '../src/turn-witness.ts';

let reader: WaitReader;

beforeEach(() => {
  reader = readWaits();
});
afterEach(() => reader.close());

function world() {
  const clock = { ms: 0, idle: 0, runNanos: 0, waitNanos: 0, throttledMs: 0, cpuReads: 0 };
  let turn = 0;
  const waits = new LoopWaits({
    now: () => clock.ms,
    idleMs: () => clock.idle,
    cpu: () => {
      clock.cpuReads += 1;
      return { atMs: clock.ms, runNanos: clock.runNanos, waitNanos: clock.waitNanos };
    },
    throttledMs: () => clock.throttledMs,
    describeRoot: (span) => ({ traceId: 't', spanId: (span as unknown as { id: string }).id, route: '/x' }),
  });
  const pass = (workMs: number, idleMs = 0): void => {
    clock.ms += workMs + idleMs;
    clock.idle += idleMs;
  };
  const endTurn = (workMs = 0, idleMs = 0): void => {
    pass(workMs, idleMs);
    turn += 1;
    waits.turnEnded(turn, clock.ms, clock.idle);
  };
  endTurn();
  return { clock, waits, pass, endTurn };
}

/** What was noted, in the order of the times. */
function noted() {
  const entries: [string | undefined, number, number, number, string | undefined][] = [];
  reader.visitThread(-1, 1e9, (kind, start, end, { amountMs, culprit }) =>
    entries.push([WAITS[kind], start, end, amountMs, culprit?.spanId]),
  );
  return entries.sort((left, right) => left[1] - right[1] || left[2] - right[2]);
}

const root = (id: string) => ({ id }) as unknown as Span;

test('a long turn is noted with who was at work in it', () => {
  const { waits, pass, endTurn } = world();
  waits.see(root('a'), RUNS_ON);
  pass(40);
  waits.see(root('b'), RUNS_ON);
  endTurn(20);
  expect(noted()).toEqual([
    ['blocked_loop', 0, 40, 40, 'a'],
    ['blocked_loop', 40, 60, 20, 'b'],
  ]);
});

test('of a long turn what nobody holds for long is no long turn, and short turns are not noted', () => {
  const { waits, pass, endTurn } = world();
  endTurn(4);
  endTurn(4, 2);
  waits.see(root('a'), RUNS_ON);
  pass(6);
  waits.see(root('b'), RUNS_ON);
  endTurn(6);
  waits.gather(false);
  expect(noted()).toEqual([]);
});

test('how often the thread woke up is told with its waiting for a CPU', () => {
  const { clock, waits, endTurn } = world();
  endTurn(30);
  for (let i = 0; i < 10; i++) endTurn(2, i % 2);
  clock.waitNanos += 10e6;
  clock.ms += 20;
  waits.gather(false);
  const told: number[] = [];
  reader.visitThread(0, 1e9, (kind, _start, _end, { wakes }) => {
    if (WAITS[kind] === 'cpu') told.push(wakes);
  });
  expect(told).toEqual([5]);
});

test('waiting for a CPU is read at long turns and each 100 ms of others, with the work meanwhile', () => {
  const { clock, waits, endTurn } = world();
  waits.see(root('a'), RUNS_ON);
  clock.waitNanos += 150e6;
  endTurn(200);
  for (let i = 0; i < 30; i++) endTurn(2, 3);
  clock.waitNanos += 10e6;
  waits.gather(false);
  const cpu = noted().filter(([wait]) => wait === 'cpu');
  expect(cpu).toEqual([
    ['cpu', 0, 200, 150, undefined],
    ['cpu', 300, 350, 10, undefined],
  ]);
  expect(clock.cpuReads).toBe(4);
});

test('the work of a turn that is under way counts when waits are read in it, and no more when it ends', () => {
  const { clock, waits, endTurn, pass } = world();
  endTurn(30);
  clock.runNanos += 40e6;
  clock.waitNanos += 60e6;
  pass(100);
  waits.gather(false);
  clock.runNanos += 10e6;
  clock.waitNanos += 15e6;
  // What came before it is not counted again, though there would be room for it.
  endTurn(30, 200);
  const told: number[][] = [];
  reader.visitThread(0, 1e9, (kind, _start, _end, { busyMs, ofBusyMs }) => {
    if (WAITS[kind] === 'cpu') told.unshift([busyMs, ofBusyMs]);
  });
  expect(told).toEqual([
    [100, 60],
    [30, 15],
  ]);
});

test('what was under way when nobody read any more is not part of what the next one reads', () => {
  const { clock, waits, endTurn, pass } = world();
  endTurn(30);
  pass(100);
  waits.gather(false);
  reader.close();
  endTurn(50);
  reader = readWaits();
  clock.waitNanos += 20e6;
  pass(30);
  waits.gather(false);
  endTurn();
  clock.waitNanos += 60e6;
  endTurn(100);
  const told: number[][] = [];
  reader.visitThread(0, 1e9, (kind, _start, _end, { amountMs, busyMs }) => {
    if (WAITS[kind] === 'cpu') told.push([amountMs, busyMs]);
  });
  expect(told).toEqual([[60, 100]]);
});

test('work that did not run while the group was throttled waited for a CPU, whatever is told of the thread', () => {
  const { clock, waits, endTurn } = world();
  const turn = (runMs: number, waitMs: number, throttledMs: number): void => {
    waits.see(root('a'), RUNS_ON);
    clock.runNanos += runMs * 1e6;
    clock.waitNanos += waitMs * 1e6;
    clock.throttledMs += throttledMs;
    endTurn(100);
  };
  turn(30, 70, 70);
  turn(30, 35, 70);
  turn(30, 35, 500);
  // It stood still for something else.
  turn(30, 35, 0);
  turn(90, 10, 70);
  turn(2, 0, 300);
  turn(2, 5, 300);
  const told: unknown[] = [];
  reader.visitThread(0, 1e9, (kind, _start, _end, { amountMs, isThrottled }) => {
    if (WAITS[kind] === 'cpu') told.unshift([amountMs, isThrottled]);
  });
  expect(told).toEqual([
    [70, true],
    [70, true],
    [70, true],
    [35, false],
    [10, true],
    [10, true],
  ]);
});

test('a request that goes on after a wait did not hold the turn before, one that stood still in it did', () => {
  const { waits, clock, pass, endTurn } = world();
  pass(30);
  waits.resumed('filesystem', root('a'), clock.ms);
  endTurn(20);
  pass(30);
  waits.resumed('filesystem_sync', root('b'), clock.ms);
  endTurn();
  pass(30);
  waits.resumed('filesystem', root('c'), clock.ms - 10);
  endTurn();
  expect(noted()).toEqual([
    ['blocked_loop', 0, 30, 30, undefined],
    ['blocked_loop', 30, 50, 20, 'a'],
    ['blocked_loop', 50, 80, 30, 'b'],
    ['blocked_loop', 80, 110, 30, undefined],
  ]);
});

test('where nobody is seen, the only open request is the guess', () => {
  const { waits, endTurn } = world();
  const span = { spanContext: () => ({ traceId: 't', spanId: 'sole' }) } as unknown as Span;
  const sole = reader.begin(span, 0);
  endTurn(30);
  waits.see(undefined, RUNS_ON);
  endTurn(30);
  if (sole !== undefined) reader.end(sole);
  expect(noted().map(([, , , , culprit]) => culprit)).toEqual(['sole', undefined]);
});

test('who is seen later to have run in a turn is told later', () => {
  const { waits, endTurn } = world();
  endTurn(300);
  waits.sawCulprit(2, { traceId: 't', spanId: 'seen' });
  waits.sawCulprit(7, { traceId: 't', spanId: 'other' });
  const told: (string | undefined)[] = [];
  reader.visitThread(0, 300, (_kind, _start, _end, { culprit }) => told.push(culprit?.spanId));
  expect(told).toEqual(['seen', undefined]);
});

test('at the end of the process the turn under way counts as far as it got', () => {
  const { waits, pass, endTurn } = world();
  waits.see(root('a'), RUNS_ON);
  pass(40);
  waits.gather(true);
  waits.see(root('a'), RAN_BEFORE);
  endTurn(30);
  expect(noted()).toEqual([
    ['blocked_loop', 0, 40, 40, 'a'],
    ['blocked_loop', 40, 70, 30, undefined],
  ]);
});

test('while nobody reads, nothing is noted, and later only what happened since', () => {
  const { waits, endTurn } = world();
  reader.close();
  waits.see(root('a'), RUNS_ON);
  endTurn(100);
  reader = readWaits();
  endTurn(100);
  waits.see(root('b'), RUNS_ON);
  endTurn(20);
  expect(noted()).toEqual([['blocked_loop', 200, 220, 20, 'b']]);
});
