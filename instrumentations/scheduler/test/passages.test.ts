import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { type Passage, type RootWaits, readWaits, type WaitReader } from '@sonde/instrumentation-kit';
import { Passages } from '../src/passages.ts';
import { RAN_BEFORE, RUNS_ON } from '../src/turn-witness.ts';

const BOTH = RAN_BEFORE | RUNS_ON;
let reader: WaitReader;

beforeEach(() => {
  reader = readWaits();
});
afterEach(() => reader.close());

function world() {
  const clock = { ms: 0, idle: 0 };
  const passages = new Passages();
  passages.start(0, 0);
  const pass = (workMs: number, idleMs = 0): void => {
    clock.ms += workMs + idleMs;
    clock.idle += idleMs;
  };
  return {
    pass,
    see: (span: Span | undefined, runs: number) => passages.see(span, runs, clock.ms, clock.idle),
    endTurn(workMs = 0, idleMs = 0): void {
      pass(workMs, idleMs);
      passages.turnEnded(clock.ms, clock.idle);
    },
    begin(name: string): { span: Span; waits: RootWaits } {
      const spanContext = { traceId: name.repeat(32), spanId: name.repeat(16), traceFlags: 1 };
      const span = trace.getSpan(trace.setSpanContext(ROOT_CONTEXT, spanContext)) as Span;
      return { span, waits: reader.begin(span, clock.ms) as RootWaits };
    },
  };
}

function passagesOf(waits: RootWaits): [Passage, number, number][] {
  const told: [Passage, number, number][] = [];
  waits.visitPassages((passage, start, end) => told.push([passage, start, end]));
  return told;
}

test('a request that goes on in a turn without a wait for events was behind one round of the loop at most', () => {
  const { begin, endTurn, see, pass } = world();
  const [a, b] = [begin('a'), begin('b')];
  endTurn(3, 100);
  endTurn(8);
  see(b.span, RUNS_ON);
  pass(5);
  see(b.span, RAN_BEFORE);
  see(a.span, RAN_BEFORE);
  endTurn();
  expect(passagesOf(a.waits)).toEqual([['behind', 108, 116]]);
  expect(passagesOf(b.waits)).toEqual(
    [
      ['behind', 103, 111],
      ['ran', 111, 116],
    ].slice(1),
  );
});

test('what ran before the loop waited for events did not keep the request waiting', () => {
  const { begin, endTurn, see, pass } = world();
  const { span, waits } = begin('a');
  begin('b');
  endTurn(8);
  pass(0, 20);
  pass(2);
  see(undefined, RUNS_ON);
  pass(4);
  see(span, BOTH);
  endTurn(3, 10);
  expect(passagesOf(waits)).toEqual([
    ['woken', 28, 34],
    ['ran', 34, 37],
  ]);
});

test('what ran in the turn before, and then the loop waited, did not keep the request waiting either', () => {
  const { begin, endTurn, see, pass } = world();
  const { span, waits } = begin('a');
  begin('b');
  pass(100);
  endTurn(0, 20);
  pass(1);
  see(span, RAN_BEFORE);
  endTurn();
  expect(passagesOf(waits)).toEqual([
    ['ran', 120, 121],
    ['behind', 120, 120],
  ]);
});

test('who is seen first in a turn and was not to begin ran before, after the wait for events', () => {
  const { begin, endTurn, see, pass } = world();
  const [a, b] = [begin('a'), begin('b')];
  endTurn(1, 50);
  pass(4, 30);
  see(a.span, RAN_BEFORE);
  pass(3);
  see(b.span, RUNS_ON);
  endTurn();
  expect(passagesOf(a.waits)).toEqual([
    ['ran', 81, 85],
    ['woken', 81, 81],
  ]);
  expect(passagesOf(b.waits)).toEqual([]);
});

test('a turn in which nobody is seen is that of the only request, if there is one and it was there', () => {
  const { begin, endTurn, see } = world();
  endTurn(5);
  const { waits } = begin('a');
  endTurn(5, 5);
  endTurn(0.02);
  see(undefined, RUNS_ON);
  endTurn(5);
  begin('b');
  endTurn(5);
  expect(passagesOf(waits)).toEqual([['ran', 10, 15]]);
});

test('thousands of turns that the only request has are kept, however short, as one', () => {
  const { begin, endTurn } = world();
  const { waits } = begin('a');
  for (let turn = 0; turn < 4000; turn++) endTurn(0.25);
  expect(passagesOf(waits)).toEqual([['ran', 0, 1000]]);
});

test('one of whom nobody wants to know anything is seen all the same', () => {
  const { endTurn, see } = world();
  see({} as Span, BOTH);
  expect(() => endTurn(5)).not.toThrow();
});
