import { type ProcessFacts, roleOf } from '../src/thread-roles.ts';

function roles(names: string, facts: Partial<ProcessFacts> = {}): string {
  const threads = names.split(' ').map((entry) => {
    const [tid, name] = entry.split(':') as [string, string];
    return { tid: Number(tid), name };
  });
  const all = { pid: 100, v8PoolSize: 4, workerTids: new Set<number>(), watcherTid: 0, ...facts };
  return threads.map((thread) => roleOf(thread, threads, all)).join(' ');
}

test('Node 24 and 26 name their threads', () => {
  expect(
    roles(
      '100:MainThread 101:DelayedTaskSche 102:V8Worker 103:node-V8Worker 106:SignalInspector 107:WorkerThread 108:libuv-worker 109:sonde-watcher 110:iou-sqp-100',
    ),
  ).toBe('main v8 v8 v8 inspector worker libuv sonde other');
});

test('the main thread is known by its id, whatever process.title calls it', () => {
  expect(roles('100:libuv-worker 101:DelayedTaskSche')).toBe('main v8');
});

test('in Node 22 the threads after the delayed-task scheduler are those of V8', () => {
  const names = '100:node 101:DelayedTaskSche 102:node 103:node 104:node 105:node 106:node 110:node 111:libuv-worker';
  expect(roles(names)).toBe('main v8 v8 v8 v8 v8 other other libuv');
  expect(roles(names, { v8PoolSize: 2 })).toBe('main v8 v8 v8 other other other other libuv');
  expect(roles(names, { workerTids: new Set([110]), watcherTid: 106 })).toBe('main v8 v8 v8 v8 v8 sonde worker libuv');
});

test('a thread of a native addon with a name of its own is no thread of V8', () => {
  expect(roles('100:node 101:DelayedTaskSche 102:libvips 103:constructor 104:__proto__')).toBe(
    'main v8 other other other',
  );
});
