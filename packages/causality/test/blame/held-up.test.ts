import { ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { noteCpuWait, noteThreadWait, noteWait, type RootWaits, waitsOf } from '@sonde/instrumentation-kit';
import { World } from './world.ts';

const other = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), route: '/slow' };
let world: World;
let fromMs: number;

beforeEach(() => {
  world = new World();
  fromMs = world.nowMs;
});
afterEach(() => world.processor.shutdown());

function turnOfAnother(startMs: number, endMs: number): void {
  noteThreadWait('blocked_loop', fromMs + startMs, fromMs + endMs, other);
}

function passage(span: Span, kind: Parameters<RootWaits['addPassage']>[0], startMs: number, endMs: number): void {
  waitsOf(span)?.addPassage(kind, fromMs + startMs, fromMs + endMs);
}

/** What is told of a request of 100 ms. */
function told(span: Span): Record<string, number> {
  world.nowMs = fromMs + 100;
  world.end(span);
  world.turn();
  world.turn();
  return world.blame('root');
}

test('a long turn in the middle of a timer did not make the request late', () => {
  const { span } = world.start('root');
  turnOfAnother(30, 60);
  noteThreadWait('gc', fromMs + 40, fromMs + 55);
  noteCpuWait({
    startMs: fromMs,
    endMs: fromMs + 100,
    waitedMs: 50,
    busyMs: 30,
    ranMs: 10,
    wakes: 3,
    isThrottled: false,
  });
  passage(span, 'woken', 99, 99);
  expect(told(span)).toEqual({ cpu: 10, unexplained: 90 });
});

test('a long turn right before the request went on did, though others ran between them, as long as the loop did not wait', () => {
  const { span } = world.start('root');
  turnOfAnother(30, 60);
  passage(span, 'behind', 31, 67);
  expect(told(span)).toEqual({ blocked_loop: 30, busy_loop: 18 - 11, unexplained: 63 });
});

test('turns of one culprit that follow each other are one, those of different ones are not', () => {
  const { span } = world.start('root');
  turnOfAnother(10, 40);
  turnOfAnother(40.2, 60);
  passage(span, 'behind', 45, 60);
  noteThreadWait('blocked_loop', fromMs - 1, fromMs + 9.8, { ...other, spanId: 'e'.repeat(16) });
  const { blocked_loop = 0 } = told(span);
  expect(blocked_loop).toBeCloseTo(49.8);
});

test('it did not where the loop waited for events in between', () => {
  const { span } = world.start('root');
  turnOfAnother(30, 60);
  passage(span, 'woken', 63, 64);
  expect(told(span)).toEqual({ busy_loop: 0.5, unexplained: 99.5 });
});

test('a long turn after which the request turned to something else held it up', () => {
  const root = world.start('root');
  turnOfAnother(10, 60);
  noteWait('connect', fromMs + 61, fromMs + 90, root.active);
  expect(told(root.span)).toEqual({ blocked_loop: 50, connect: 29, unexplained: 21 });
});

test('a long turn in which the request waited for something that is known holds it up as documented', () => {
  const root = world.start('root');
  turnOfAnother(10, 60);
  noteWait('connect', fromMs + 20, fromMs + 30, root.active);
  noteWait('filesystem', fromMs + 50, fromMs + 80, root.active);
  const { blocked_loop, filesystem, connect } = told(root.span);
  // Up to where it turned to the file it was kept waiting, and then its file was.
  expect({ blocked_loop, filesystem, connect }).toEqual({ blocked_loop: 50, filesystem: 20, connect: undefined });
});

test('a long turn right before one of its own, or before its end, held it up, with the collections in it', () => {
  const root = world.start('root');
  turnOfAnother(10, 30);
  noteThreadWait('gc', fromMs + 12, fromMs + 20);
  noteThreadWait('blocked_loop', fromMs + 30, fromMs + 60, root.span.spanContext());
  noteThreadWait('gc', fromMs + 40, fromMs + 50);
  turnOfAnother(75, 98);
  expect(told(root.span)).toEqual({ gc: 18, blocked_loop: 35, own_turn: 20, unexplained: 27 });
});

test('behind short turns it waited for half of them on the average; in its own it ran', () => {
  const { span } = world.start('root');
  passage(span, 'behind', 10, 18);
  passage(span, 'ran', 18, 23);
  expect(told(span)).toEqual({ busy_loop: 9, unexplained: 91 });
});

test('what a thread waited for a CPU beside its work is told where it was woken for the request', () => {
  const { span } = world.start('root', ROOT_CONTEXT);
  noteCpuWait({
    startMs: fromMs,
    endMs: fromMs + 100,
    waitedMs: 40,
    busyMs: 0,
    ranMs: 0,
    wakes: 8,
    isThrottled: false,
  });
  passage(span, 'woken', 50, 50.2);
  passage(span, 'behind', 60, 60);
  expect(told(span)).toEqual({ cpu: 5, busy_loop: 0.1, unexplained: 94.9 });
});
