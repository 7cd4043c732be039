import type { Span } from '@opentelemetry/api';
import { droppedCounts } from '@sonde/instrumentation-kit';
import { TurnLedger } from '../src/turn-ledger.ts';
import type { LongTurn } from '../src/types.ts';
import { TURN } from '../src/watch-memory.ts';

function loop(maxLongTurns = 256) {
  const clock = { ms: 1_000, idle: 0 };
  const pending: (() => void)[] = [];
  const turns: number[] = [];
  const long: LongTurn[] = [];
  const cells = new Int32Array(4);
  const ledger = new TurnLedger({
    now: () => clock.ms,
    idleMs: () => clock.idle,
    atTurnEnd: (callback) => pending.push(callback),
    timeOriginMs: 1_000_000,
    cells,
    longTurnMs: 50,
    maxLongTurns,
    onTurn: (_, busyMs) => turns.push(busyMs),
    onLongTurn: (turn) => long.push(turn),
    describeRoot: (span) => ({ ...(span as unknown as { traceId: string; spanId: string }), route: undefined }),
  });
  const turn = (busyMs: number, idleMs = 0): void => {
    clock.ms += busyMs + idleMs;
    clock.idle += idleMs;
    for (const callback of pending.splice(0)) callback();
  };
  return { clock, pending, turns, long, cells, ledger, turn };
}

const span = (traceId: string) => ({ traceId, spanId: 's' }) as unknown as Span;

test('a turn is as long as it worked; waiting for events does not count', () => {
  const { ledger, turn, turns, cells } = loop();
  ledger.start();
  expect(cells[TURN]).toBe(1);
  turn(3, 400);
  turn(0, 60_000);
  turn(12);
  expect(turns).toEqual([3, 0, 12]);
  expect(cells[TURN]).toBe(4);
});

test('long turns are kept with when, how long, and the traces active in them', () => {
  const { ledger, turn, long } = loop();
  ledger.start();
  ledger.note(span('a'));
  turn(10);
  const b = span('b');
  ledger.note(b);
  ledger.note(b);
  ledger.note(span('c'));
  turn(80, 20);
  turn(70);
  expect(long).toEqual([
    {
      turn: 2,
      startTime: 1_000_000 + 1_030,
      durationMs: 80,
      uncertaintyMs: 20,
      roots: [
        { traceId: 'b', spanId: 's', route: undefined },
        { traceId: 'c', spanId: 's', route: undefined },
      ],
    },
    { turn: 3, startTime: 1_000_000 + 1_110, durationMs: 70, uncertaintyMs: 0, roots: [] },
  ]);
  expect(ledger.longTurns()).toEqual(long);
});

test('a long turn is found by any window that it overlaps, early start included', () => {
  const { ledger, turn } = loop();
  ledger.start();
  turn(100, 30); // 1,001,000 (waits 30) works until 1,001,130
  const numbers = (since?: number, until?: number) => ledger.longTurns(since, until).map((kept) => kept.turn);
  expect(numbers()).toEqual([1]);
  expect(numbers(1_001_130)).toEqual([1]);
  expect(numbers(1_001_131)).toEqual([]);
  expect(numbers(0, 1_001_001)).toEqual([1]);
  expect(numbers(0, 1_001_000)).toEqual([]);
});

test('the oldest long turns make room', () => {
  const { ledger, turn } = loop(3);
  ledger.start();
  for (let i = 0; i < 8; i++) turn(60);
  expect(ledger.longTurns().map((kept) => kept.turn)).toEqual([6, 7, 8]);
});

test('at most sixteen traces are noted in a turn', () => {
  const { ledger, turn, long } = loop();
  ledger.start();
  for (let i = 0; i < 100; i++) ledger.note(span(String(i)));
  turn(60);
  expect(long[0]?.roots).toHaveLength(16);
});

test('a stopped ledger asks for no more turns, and may be started again', () => {
  const { ledger, turn, pending, turns } = loop();
  ledger.start();
  ledger.start();
  expect(pending).toHaveLength(1);
  ledger.stop();
  turn(5);
  expect(pending).toHaveLength(0);
  expect(turns).toEqual([]);
  ledger.start();
  turn(5);
  expect(turns).toEqual([5]);
});

test('a clock of the loop that runs ahead of ours makes no negative turn', () => {
  const { ledger, turn, turns, clock } = loop();
  ledger.start();
  clock.idle += 5;
  turn(1);
  expect(turns).toEqual([0]);
});

test('the work of the turn that lasts is known too', () => {
  const { ledger, clock } = loop();
  ledger.start();
  clock.ms += 30;
  clock.idle += 10;
  expect(ledger.busyMs(clock.ms)).toBe(20);
});

test('turns go on when what is told about them fails, and the application does not hear of it', () => {
  const pending: (() => void)[] = [];
  const ledger = new TurnLedger({
    now: () => 0,
    idleMs: () => 0,
    atTurnEnd: (callback) => pending.push(callback),
    timeOriginMs: 0,
    cells: new Int32Array(4),
    longTurnMs: 50,
    maxLongTurns: 1,
    onTurn: () => {
      throw new Error('broken');
    },
    onLongTurn: () => undefined,
    describeRoot: () => undefined,
  });
  ledger.start();
  pending.shift()?.();
  expect(pending).toHaveLength(1);
  expect(droppedCounts().get('scheduler.turn')).toBe(1);
});
