import fc from 'fast-check';
import { type Account, type Peer, settleAccount } from '../src/account.ts';
import { MAX_TAKEN_UP, NOWHERE, TakenUp } from '../src/taken-up.ts';
import { runs } from './seed.ts';

/** Trace ids of which some differ in one word only, the last one or another. */
const idsOf = (n: number): Int32Array => Int32Array.of(1, n >> 1, 3, n & 1);

function add(takenUp: TakenUp, n: number, sentMs: number, takenUpMs: number): number {
  const [trace0 = 0, trace1 = 0, trace2 = 0, trace3 = 0] = idsOf(n);
  return takenUp.add({ trace0, trace1, trace2, trace3 }, sentMs, takenUpMs);
}

function peer(): Peer {
  return { isDown: false, takenUp: new TakenUp() };
}

interface Taken {
  readonly trace: number;
  readonly account: Account;
}

function takeUp(from: Peer, trace: number, nowMs: number): Taken {
  const place = add(from.takenUp, trace, nowMs - 0.5, nowMs);
  return { trace, account: { peer: from, sentMs: nowMs - 0.5, takenUpMs: nowMs, place } };
}

/** Whole milliseconds covered by times from one reading to a later one. */
function covered(times: readonly (readonly [number, number])[]): number[] {
  const ms = new Set<number>();
  for (const [from, to] of times) for (let at = from; at < to; at++) ms.add(at);
  return [...ms].sort((left, right) => left - right);
}

const STEP = fc.record({
  do: fc.constantFrom('take', 'take', 'own', 'other'),
  trace: fc.nat(3),
  which: fc.nat(20),
});

test('however answers are sent, the time in which a trace waits for one comes out as it was', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 200 }), (steps) => {
      const from = peer();
      const waiting: Taken[] = [];
      const real: [number, number][][] = [[], [], [], []];
      const told: [number, number][][] = [[], [], [], []];
      for (const [nowMs, step] of steps.entries()) {
        if (step.do === 'take') {
          waiting.push(takeUp(from, step.trace, nowMs));
          continue;
        }
        const [answered] = waiting.splice(step.which % Math.max(1, waiting.length), 1);
        if (answered === undefined) continue;
        const { trace, account: own } = answered;
        real[trace]?.push([own.takenUpMs, nowMs]);
        const account = settleAccount(step.do === 'own' ? own : undefined, from, idsOf(trace), 0);
        told[trace]?.push([account?.takenUpMs ?? Number.NaN, nowMs]);
      }
      // What is not answered yet has been waited for, too.
      for (const { trace, account } of waiting) {
        real[trace]?.push([account.takenUpMs, steps.length]);
        const left = settleAccount(undefined, from, idsOf(trace), 0);
        told[trace]?.push([left?.takenUpMs ?? Number.NaN, steps.length]);
      }
      for (const trace of real.keys()) expect(covered(told[trace] ?? [])).toEqual(covered(real[trace] ?? []));
    }),
    runs(300),
  );
});

test('what is sent to another peer, in another trace or outside of any answers nothing', () => {
  const from = peer();
  const { account } = takeUp(from, 1, 5);
  expect(settleAccount(account, peer(), idsOf(1), 0)).toBeUndefined();
  expect(settleAccount(undefined, from, idsOf(2), 0)).toBeUndefined();
  expect(settleAccount(undefined, from, undefined, 0)).toBeUndefined();
  expect(settleAccount(undefined, from, idsOf(1), 0)).toMatchObject({ takenUpMs: 5 });
});

test('a second answer from elsewhere is an answer, of which no time is told', () => {
  const from = peer();
  takeUp(from, 1, 5);
  expect(settleAccount(undefined, from, idsOf(1), 0)).toMatchObject({ sentMs: 4.5, takenUpMs: 5 });
  expect(settleAccount(undefined, from, idsOf(1), 0)).toMatchObject({ sentMs: Number.NaN, takenUpMs: Number.NaN });
});

test('an answer that could not be sent leaves its message to be answered', () => {
  const from = peer();
  const { account } = takeUp(from, 1, 5);
  for (const own of [undefined, account]) {
    settleAccount(own, from, idsOf(1), 0);
    from.takenUp.takeBack();
    from.takenUp.takeBack();
    expect(from.takenUp.isAnswered(account.place)).toBe(false);
  }
  settleAccount(account, from, idsOf(1), 0);
  settleAccount(undefined, from, idsOf(1), 0);
  from.takenUp.takeBack();
  expect(from.takenUp.isAnswered(account.place)).toBe(true);
});

test('the last messages are remembered, older ones are forgotten', () => {
  const { takenUp } = peer();
  expect(takenUp.isEmpty).toBe(true);
  for (let n = 0; n <= MAX_TAKEN_UP; n++) add(takenUp, n, 0, n);
  expect([takenUp.find(idsOf(0), 0), takenUp.isAnswered(0), takenUp.isAnswered(NOWHERE)]).toEqual([
    NOWHERE,
    true,
    true,
  ]);
  expect(takenUp.takenUpMs(takenUp.find(idsOf(1), 0))).toBe(1);
  expect(takenUp.takenUpMs(takenUp.find(idsOf(MAX_TAKEN_UP), 0))).toBe(MAX_TAKEN_UP);
  takenUp.answer(0);
  expect(takenUp.find(idsOf(1), 0)).toBe(1);
});
