import type { Span } from '@opentelemetry/api';
import { RAN_BEFORE, RUNS_ON, TurnWitness } from '../src/turn-witness.ts';

const BOTH = RAN_BEFORE | RUNS_ON;
const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name }) as unknown as Span);

function world() {
  const clock = { ms: 0, idle: 0, reads: 0 };
  const witness = new TurnWitness({
    now: () => {
      clock.reads += 1;
      return clock.ms;
    },
    idleMs: () => clock.idle,
  });
  return {
    clock,
    witness,
    work: (ms: number): void => {
      clock.ms += ms;
    },
    wait(ms: number): void {
      clock.ms += ms;
      clock.idle += ms;
    },
    seen: () =>
      witness
        .stretches(clock.ms, clock.idle)
        .map(({ startMs, endMs, root, isStranger }) => [
          isStranger ? 'stranger' : (root as unknown as { name: string } | undefined)?.name,
          startMs,
          endMs,
        ]),
  };
}

test('a turn in which nobody is seen belongs to nobody known', () => {
  const { work, seen } = world();
  work(30);
  expect(seen()).toEqual([[undefined, 0, 30]]);
});

test('a request that begins holds the turn until another is seen', () => {
  const { witness, work, seen } = world();
  witness.see(a, RUNS_ON);
  work(30);
  witness.see(b, RUNS_ON);
  work(10);
  expect(seen()).toEqual([
    ['a', 0, 30],
    ['b', 30, 40],
  ]);
});

test('whoever is seen first was at work before, unless it begins or was waiting', () => {
  const first = world();
  first.work(30);
  first.witness.see(a, BOTH);
  first.work(5);
  expect(first.seen()).toEqual([['a', 0, 35]]);
  const second = world();
  second.work(30);
  second.witness.see(a, RUNS_ON);
  second.work(5);
  expect(second.seen()).toEqual([
    [undefined, 0, 30],
    ['a', 30, 35],
  ]);
});

test('the end of a request ends its hold: what follows is of who is seen next', () => {
  const { witness, work, seen } = world();
  witness.see(a, RUNS_ON);
  work(20);
  witness.see(a, RAN_BEFORE);
  work(15);
  witness.see(b, BOTH);
  work(10);
  witness.see(b, RAN_BEFORE);
  work(12);
  expect(seen()).toEqual([
    ['a', 0, 20],
    ['b', 20, 45],
    [undefined, 45, 57],
  ]);
});

test('who was seen last holds the turn, also when the next claims to have been at work', () => {
  const { witness, work, seen } = world();
  witness.see(a, RUNS_ON);
  work(200);
  witness.see(b, RAN_BEFORE);
  expect(seen()).toEqual([['a', 0, 200]]);
});

test('a stranger who begins is to blame until somebody known is seen', () => {
  const { witness, work, seen } = world();
  witness.see(undefined, RUNS_ON);
  work(50);
  witness.see(c, RUNS_ON);
  work(20);
  expect(seen()).toEqual([
    ['stranger', 0, 50],
    ['c', 50, 70],
  ]);
});

test('work before the loop waited is told from work after it, where somebody was seen', () => {
  const { witness, work, wait, seen } = world();
  work(40);
  witness.see(a, RAN_BEFORE);
  wait(500);
  work(10);
  witness.see(b, BOTH);
  work(20);
  wait(100);
  expect(seen()).toEqual([
    ['a', 0, 40],
    ['b', 540, 570],
  ]);
});

test('of one that is seen again and again the clock is read once', () => {
  const { clock, witness } = world();
  for (let i = 0; i < 100; i++) witness.see(a, BOTH);
  expect(clock.reads).toBe(1);
  witness.see(a, RAN_BEFORE);
  witness.see(a, BOTH);
  expect(clock.reads).toBe(3);
});

test('what is seen beyond the bound is of nobody known', () => {
  const { witness, work, seen } = world();
  for (let i = 0; i < 600; i++) {
    witness.see(i % 2 === 0 ? a : b, RUNS_ON);
    work(1);
  }
  const stretches = seen();
  expect(stretches).toHaveLength(512);
  expect(stretches.at(-1)).toEqual([undefined, 511, 600]);
});

test('a new turn begins with nobody', () => {
  const { clock, witness, work, seen } = world();
  witness.see(a, RUNS_ON);
  work(30);
  witness.start(clock.ms, clock.idle);
  work(5);
  expect(seen()).toEqual([[undefined, 30, 35]]);
});

test('a wait of which the loop learns late in the turn shortens the longest stretch from its start', () => {
  const { clock, witness, work, seen } = world();
  work(300); // in truth it waited for 290 of them
  witness.see(a, BOTH);
  work(20);
  witness.see(b, RUNS_ON);
  work(5);
  clock.idle += 290;
  expect(seen()).toEqual([
    ['a', 290, 320],
    ['b', 320, 325],
  ]);
});
