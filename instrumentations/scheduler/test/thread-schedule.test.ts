import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThreadSchedule } from '../src/thread-schedule.ts';

let directory: string;
const open: ThreadSchedule[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sonde-task-'));
});
afterEach(() => {
  for (const schedule of open.splice(0)) schedule.close();
  rmSync(directory, { recursive: true, force: true });
});

function thread(tid: number, name: string, schedstat: string): void {
  mkdirSync(join(directory, String(tid)), { recursive: true });
  writeFileSync(join(directory, String(tid), 'comm'), `${name}\n`);
  writeFileSync(join(directory, String(tid), 'schedstat'), schedstat);
}

function follow(maxThreads = 64): ThreadSchedule {
  const schedule = new ThreadSchedule({
    directory,
    maxThreads,
    list: () => readdirSync(directory),
    count: () => readdirSync(directory).length,
    facts: () => ({ pid: 1, v8PoolSize: 4, workerTids: new Set(), watcherTid: 0 }),
  });
  open.push(schedule);
  return schedule;
}

const plain = ({ roles, unfollowed }: ReturnType<ThreadSchedule['read']>): Record<string, unknown> => ({
  ...Object.fromEntries(roles),
  unfollowed,
});

test('each reading tells what every role has done since the one before', () => {
  thread(1, 'MainThread', '1000000000 500000000 10');
  thread(2, 'libuv-worker', '2000000000 0 4');
  thread(3, 'libuv-worker', '1000000000 1000000000 6');
  const schedule = follow();
  expect(plain(schedule.read())).toEqual({
    main: { threads: 1, runSeconds: 1, waitSeconds: 0.5, slices: 10 },
    libuv: { threads: 2, runSeconds: 3, waitSeconds: 1, slices: 10 },
    unfollowed: 0,
  });
  thread(1, 'MainThread', '1500000000 500000000 12');
  expect(plain(schedule.read())).toEqual({
    main: { threads: 1, runSeconds: 0.5, waitSeconds: 0, slices: 2 },
    libuv: { threads: 2, runSeconds: 0, waitSeconds: 0, slices: 0 },
    unfollowed: 0,
  });
});

test('threads that come are counted from their beginning, threads that go are forgotten', () => {
  thread(1, 'MainThread', '1 1 1');
  const schedule = follow();
  schedule.read();
  thread(9, 'WorkerThread', '3000000000 0 2');
  expect(plain(schedule.read()).worker).toEqual({ threads: 1, runSeconds: 3, waitSeconds: 0, slices: 2 });
  rmSync(join(directory, '9'), { recursive: true });
  expect(plain(schedule.read()).worker).toBeUndefined();
  thread(9, 'WorkerThread', '1000000000 0 1');
  expect(plain(schedule.read()).worker).toEqual({ threads: 1, runSeconds: 1, waitSeconds: 0, slices: 1 });
});

test('a thread that names itself late gets its role then', () => {
  thread(1, 'MainThread', '1 1 1');
  thread(2, 'MainThread', '1 1 1');
  const schedule = follow();
  expect([...schedule.read().roles.keys()]).toEqual(['main', 'other']);
  thread(2, 'libuv-worker', '1 1 1');
  expect([...schedule.read().roles.keys()]).toEqual(['main', 'libuv']);
});

test('beyond the limit threads are only counted', () => {
  for (let tid = 1; tid <= 5; tid++) thread(tid, 'MainThread', '1000000000 0 1');
  const { roles, unfollowed } = follow(2).read();
  expect([...roles.values()].reduce((sum, { threads }) => sum + threads, 0)).toBe(2);
  expect(unfollowed).toBe(3);
});

test('a file that holds nonsense counts for nothing', () => {
  thread(1, 'MainThread', 'nonsense');
  expect(plain(follow().read())).toEqual({ unfollowed: 0 });
});

test('a directory that cannot be listed is an error for the caller to tell', () => {
  const schedule = follow();
  rmSync(directory, { recursive: true });
  expect(() => schedule.read()).toThrow(/ENOENT/);
});
