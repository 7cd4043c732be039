import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { followChildren, IdleClock } from '../src/idle-clock.ts';
import type { CpuMark } from '../src/watch-memory.ts';
import { runForJson } from './fixtures/run-program.ts';

/** A thread whose clocks are in the hands of the test. */
function createWorld({ hasCpu = true } = {}) {
  const clocks = { ms: 1000, idleMs: 100, workMs: 50, reads: 0 };
  const idle = new IdleClock({
    now: () => clocks.ms,
    toldIdleMs: () => clocks.idleMs,
    cpu: (): CpuMark | undefined => {
      clocks.reads += 1;
      const runNanos = 0.75e6 * clocks.workMs;
      return hasCpu ? { atMs: clocks.ms, runNanos, waitNanos: 0.25e6 * clocks.workMs } : undefined;
    },
  });
  return {
    clocks,
    idle,
    works(ms: number): void {
      clocks.ms += ms;
      clocks.workMs += ms;
    },
    /** Waits for events; a signal makes the loop forget it. */
    waits(ms: number, isForgotten = false): void {
      clocks.ms += ms;
      if (!isForgotten) clocks.idleMs += ms;
    },
    child(): () => unknown {
      const handle = { onexit: (...args: unknown[]) => ['exit', ...args] };
      idle.spawned(handle);
      return () => handle.onexit(0, '');
    },
  };
}

test('a wait that the end of a child process has interrupted is counted', () => {
  const { clocks, idle, works, waits, child } = createWorld();
  const exit = child();
  works(5);
  idle.turnEnded(clocks.ms);
  works(2);
  waits(300, true);
  works(1);
  expect(idle.ms()).toBe(100);
  expect(exit()).toEqual(['exit', 0, '']);
  expect(idle.ms()).toBeCloseTo(400);
});

test('a child that ends while the thread works changes nothing', () => {
  const { idle, works, waits, child } = createWorld();
  const exit = child();
  waits(50);
  works(300);
  exit();
  expect(idle.ms()).toBe(150);
});

test('of two children that end in one turn the wait is counted once', () => {
  const { idle, waits, works, child } = createWorld();
  const [first, second] = [child(), child()];
  waits(300, true);
  first();
  works(10);
  second();
  expect(idle.ms()).toBeCloseTo(400);
});

test('what the thread slept in earlier turns is no wait of this one', () => {
  const { clocks, idle, waits, child } = createWorld();
  const exit = child();
  clocks.ms += 40; // e.g. a synchronous read
  idle.turnEnded(clocks.ms);
  waits(20, true);
  exit();
  expect(idle.ms()).toBeCloseTo(120);
});

test('the CPU time is read only while there are child processes, and at most each 50 ms', () => {
  const { clocks, idle, works, child } = createWorld();
  for (let turn = 0; turn < 100; turn++) idle.turnEnded(clocks.ms + turn);
  expect(clocks.reads).toBe(0);
  const exit = child();
  for (let turn = 0; turn < 100; turn++) {
    works(2);
    idle.turnEnded(clocks.ms);
  }
  expect(clocks.reads).toBe(1 + 4);
  exit();
  clocks.reads = 0;
  idle.turnEnded(clocks.ms + 1000);
  expect(clocks.reads).toBe(0);
});

test('where the CPU time is not known nothing is corrected, and odd handles are left alone', () => {
  const { idle, waits, child } = createWorld({ hasCpu: false });
  const exit = child();
  waits(300, true);
  exit();
  expect(idle.ms()).toBe(100);
  for (const handle of [{}, { onexit: 1 }]) idle.spawned(handle as never);
  expect(idle.ms()).toBe(100);
});

test('what an exit handler throws reaches the application', () => {
  const { idle } = createWorld();
  const handle = {
    onexit(): void {
      throw new Error('thrown by the application');
    },
  };
  idle.spawned(handle);
  expect(() => handle.onexit()).toThrow('thrown by the application');
});

test('every child process is followed from its start to its end, until the undo', async () => {
  const { idle, clocks } = createWorld();
  const stop = followChildren(idle);
  const start = (): ChildProcess => spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(start(), 'exit');
  expect(clocks.reads).toBe(2);
  stop();
  await once(start(), 'exit');
  expect(clocks.reads).toBe(2);
});

test('a process that waits for its children has no long turns', async () => {
  const { busyMs, waitedMs } = await runForJson<{ busyMs: number; waitedMs: number }>('children-program.ts');
  expect(waitedMs).toBeGreaterThan(1000);
  expect(busyMs).toBeLessThan(waitedMs / 2);
});
