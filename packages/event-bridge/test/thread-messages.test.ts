import { channel } from 'node:diagnostics_channel';
import { BroadcastChannel } from 'node:worker_threads';
import { droppedCounts } from '@sonde/instrumentation-kit';
import { linkThreads } from '../src/thread-link.ts';
import type { ThreadLink, ThreadParticipant } from '../src/types.ts';

let link: ThreadLink | undefined;

afterEach(() => {
  link?.close();
});

interface Recorder extends ThreadParticipant {
  readonly calls: unknown[][];
}

function participant(more: Partial<ThreadParticipant> = {}): Recorder {
  const calls: unknown[][] = [];
  return {
    calls,
    topic: 'test',
    onAllocate: () => () => {},
    attach: (descriptor) => calls.push(['attach', descriptor]),
    detach: (threadId) => calls.push(['detach', threadId]),
    ...more,
  };
}

/** Speaks as another thread would. */
function speak(...messages: unknown[]): void {
  const news = new BroadcastChannel('sonde.threads.1.news');
  for (const message of messages) news.postMessage(message);
  news.close();
}

const joined = (from: number, descriptor: unknown = from): object => ({
  kind: 'joined',
  from,
  topic: 'test',
  descriptor,
});
const ended = (from: number, threadId: number): object => ({ kind: 'ended', from, threadId });
const started = (from: number, threadId: number): object => ({ kind: 'started', from, threadId });

test('what another thread announces is attached at the next sweep, and detached when its parent says that it ended', () => {
  const recorder = participant();
  link = linkThreads([recorder], { intervalMs: 60_000 });
  speak(joined(7, 'first'), joined(7, 'grown'));
  expect(link.attached).toEqual([]);
  link.sweep();
  expect(link.attached).toEqual([7]);
  speak(ended(3, 7));
  link.sweep();
  expect(link.attached).toEqual([]);
  expect(recorder.calls).toEqual([
    ['attach', 'first'],
    ['attach', 'grown'],
    ['detach', 7],
  ]);
});

test('the end of a thread is the end of the threads that it started, and of theirs', () => {
  const recorder = participant();
  link = linkThreads([recorder], { intervalMs: 60_000 });
  speak(started(1, 2), started(2, 3), started(9, 10), joined(1), joined(2), joined(3), joined(10), ended(0, 1));
  link.sweep();
  // Said by this thread itself, 0, it would be no news.
  expect(link.attached).toEqual([1, 2, 3, 10]);
  speak(ended(8, 1));
  link.sweep();
  expect(link.attached).toEqual([10]);
});

test('what a thread announced before its end and arrives after it is attached and let go', () => {
  const recorder = participant();
  link = linkThreads([recorder], { intervalMs: 60_000 });
  speak(ended(3, 7), joined(7));
  link.sweep();
  expect(recorder.calls).toEqual([
    ['attach', 7],
    ['detach', 7],
  ]);
  expect(link.attached).toEqual([]);
});

test('a thread whose parent is known to have ended has ended', () => {
  const recorder = participant();
  link = linkThreads([recorder], { intervalMs: 60_000 });
  speak(joined(8), ended(3, 7), started(7, 8));
  link.sweep();
  expect(recorder.calls).toEqual([
    ['attach', 8],
    ['detach', 8],
  ]);
});

test('memory lingers as long as the participant wants, but not that of more than sixteen threads', () => {
  let nowMs = 0;
  const recorder = participant({ lingerMs: 1000 });
  link = linkThreads([recorder], { intervalMs: 60_000, now: () => nowMs });
  speak(joined(1), ended(9, 1));
  link.sweep();
  nowMs = 999;
  link.sweep();
  expect(link.attached).toEqual([1]);
  nowMs = 1000;
  link.sweep();
  expect(link.attached).toEqual([]);
  for (let threadId = 2; threadId < 30; threadId += 1) speak(joined(threadId), ended(99, threadId));
  link.sweep();
  expect(link.attached).toEqual(Array.from({ length: 16 }, (_, index) => index + 14));
});

test('a participant that throws harms neither the others nor the caller', () => {
  const fail = (): never => {
    throw new Error('no');
  };
  const bad = participant({
    topic: 'bad',
    attach: fail,
    detach: fail,
    onAllocate: (hear) => {
      hear(1);
      return fail;
    },
    publish: fail,
  });
  const good = participant();
  link = linkThreads([bad, good], { intervalMs: 60_000 });
  speak({ ...joined(5), topic: 'bad' }, joined(5), ended(9, 5));
  link.sweep();
  expect(good.calls).toEqual([
    ['attach', 5],
    ['detach', 5],
  ]);
  expect(droppedCounts().get('event-bridge.attach.bad')).toBe(1);
});

test('a thread that does not collect attaches nothing', () => {
  const recorder = participant();
  link = linkThreads([recorder], { intervalMs: 60_000, collect: false });
  speak(joined(7));
  link.sweep();
  expect(link.attached).toEqual([]);
  expect(recorder.calls).toEqual([]);
});

test.each([
  undefined,
  null,
  5,
  'joined',
  {},
  { kind: 'joined' },
  { kind: 'joined', from: Number.NaN, topic: 'test' },
  { kind: 'joined', from: 4, topic: 'constructor' },
  { kind: 'other', from: 4 },
])('news that are none (case %#) are left aside', (message) => {
  const recorder = participant();
  link = linkThreads([recorder], { intervalMs: 60_000 });
  speak(message);
  link.sweep();
  expect(recorder.calls).toEqual([]);
});

test('nonsense on the channel of new workers is no exception of the application', () => {
  link = linkThreads([participant()], { intervalMs: 60_000 });
  for (const message of [undefined, null, {}, { worker: null }]) channel('worker_threads').publish(message);
  expect(() => link?.sweep()).not.toThrow();
});

test('after close nothing is attached, and nobody is told', () => {
  let undone = 0;
  const recorder = participant({ onAllocate: () => () => (undone += 1) });
  link = linkThreads([recorder], { intervalMs: 60_000 });
  link.close();
  link.close();
  speak(joined(7));
  link.sweep();
  expect(recorder.calls).toEqual([]);
  expect(undone).toBe(1);
});

test.each([
  [{ intervalMs: 9 }, 'linkThreads: intervalMs must be a number from 10 to 60000, got 9'],
  [{ intervalMs: 60_001 }, 'linkThreads: intervalMs must be a number from 10 to 60000, got 60001'],
  [{ intervalMs: '50' }, 'linkThreads: intervalMs must be a number from 10 to 60000, got 50'],
  [{ now: 5 }, 'linkThreads: now must be a function, got 5'],
])('a bad option throws: %j', (config, message) => {
  expect(() => linkThreads([], config as never)).toThrow(message);
});
