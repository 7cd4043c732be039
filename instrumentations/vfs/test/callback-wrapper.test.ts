import type { AnyFunction } from '@sonde/instrumentation-kit';
import { observeCallback } from '../src/callback-wrapper.ts';
import { FS_OPERATIONS } from '../src/operations.ts';
import { createOperation } from '../src/series.ts';
import { createWorld } from './fixtures/recorder-world.ts';

function operation(name: string) {
  const definition = FS_OPERATIONS.find((candidate) => candidate.name === name);
  if (definition === undefined) throw new Error(name);
  return createOperation(definition, 'callback');
}

const ON = { active: true };

/** An asynchronous function whose callbacks the test calls. */
function pending() {
  const callbacks: AnyFunction[] = [];
  const original = function (this: unknown, ...args: unknown[]): string {
    callbacks.push(args.at(-1) as AnyFunction);
    return 'returned';
  };
  return { callbacks, original };
}

test('an operation lasts until its callback is called, and is in flight and in the pool meanwhile', () => {
  const { clock, recorded, pool, recorder } = createWorld();
  const { callbacks, original } = pending();
  const readFile = observeCallback(operation('readFile'), recorder)(original, ON);
  const results: unknown[][] = [];
  expect(readFile('/data/x', 'utf8', (...args: unknown[]) => results.push(args))).toBe('returned');
  expect([pool.entered, pool.left, recorded.get('active readFile callback /data xfs')]).toEqual([1, 0, [1]]);
  clock.ms += 7;
  callbacks[0]?.(null, 'text');
  expect(results).toEqual([[null, 'text']]);
  expect([pool.entered, pool.left]).toEqual([1, 1]);
  expect([...recorded]).toEqual([
    ['active readFile callback /data xfs', [1, -1]],
    ['duration readFile callback /data xfs', [0.007]],
    ['io readFile callback /data xfs read', [4]],
  ]);
});

test('the callback gets this and exactly the arguments that the original passes', () => {
  const { recorder } = createWorld();
  const { callbacks, original } = pending();
  const seen: unknown[] = [];
  const callback = function (this: unknown, ...args: unknown[]): string {
    seen.push(this, args);
    return 'from the callback';
  };
  const access = observeCallback(operation('access'), recorder)(original, ON);
  access('/x', callback);
  access('/x', callback);
  const self = {};
  expect(callbacks[0]?.call(self, null)).toBe('from the callback');
  callbacks[1]?.call(undefined);
  expect(seen).toEqual([self, [null], undefined, []]);
});

test('what the callback throws leaves it, after the operation was recorded', () => {
  const { recorded, recorder, pool } = createWorld();
  const { callbacks, original } = pending();
  const error = new Error('in the application');
  observeCallback(operation('access'), recorder)(original, ON)('/x', () => {
    throw error;
  });
  expect(() => callbacks[0]?.(null)).toThrow(error);
  expect([recorded.has('duration access callback / ext4'), pool.left]).toEqual([true, 1]);
});

test('an error is counted by its code', () => {
  const { recorded, recorder, failed } = createWorld();
  const { callbacks, original } = pending();
  observeCallback(operation('access'), recorder)(original, ON)('/x', () => {});
  callbacks[0]?.(Object.assign(new Error('x'), { code: 'EACCES' }));
  expect(recorded.get('errors access callback / ext4 EACCES')).toEqual([1]);
  expect(failed).toHaveLength(1);
});

test('a truthy result of exists is no error', () => {
  const { recorded, recorder } = createWorld();
  const { callbacks, original } = pending();
  observeCallback(operation('exists'), recorder)(original, ON)('/x', () => {});
  callbacks[0]?.(true);
  expect([...recorded.keys()]).toEqual(['active exists callback / ext4', 'duration exists callback / ext4']);
});

test('a callback that is called twice reaches the application twice and counts once', () => {
  const { recorded, recorder, pool } = createWorld();
  const { callbacks, original } = pending();
  let calls = 0;
  observeCallback(operation('access'), recorder)(original, ON)('/x', () => calls++);
  callbacks[0]?.(null);
  callbacks[0]?.(null);
  expect([calls, pool.left, recorded.get('duration access callback / ext4')?.length]).toEqual([2, 1, 1]);
});

test('without a callback the original is called as it was, and nothing is counted', () => {
  const { recorded, recorder, pool } = createWorld();
  const error = new TypeError('callback');
  const access = observeCallback(operation('access'), recorder)(() => {
    throw error;
  }, ON);
  expect(() => access('/x', 4)).toThrow(error);
  expect([recorded.size, pool.entered]).toEqual([0, 0]);
});

test('an original that throws at once ends the operation', () => {
  const { recorded, recorder, pool, observation } = createWorld();
  const error = Object.assign(new TypeError('path'), { code: 'ERR_INVALID_ARG_TYPE' });
  const access = observeCallback(operation('access'), recorder)(() => {
    throw error;
  }, ON);
  expect(() => access({}, () => {})).toThrow(error);
  expect([pool.entered, pool.left, observation.depth]).toEqual([1, 1, 0]);
  expect(recorded.get('errors access callback unknown unknown ERR_INVALID_ARG_TYPE')).toEqual([1]);
});

test('of two functions either may be the callback', () => {
  const { recorded, recorder, pool } = createWorld();
  const seen: string[] = [];
  const first = (): void => void seen.push('first');
  const second = (): void => void seen.push('second');
  const byFirst = observeCallback(operation('stat'), recorder)(
    (_: string, callback: AnyFunction) => callback(null),
    ON,
  );
  const bySecond = observeCallback(operation('stat'), recorder)(
    (_: string, __: unknown, callback: AnyFunction) => callback(null),
    ON,
  );
  byFirst('/x', first, second);
  bySecond('/x', first, second);
  expect(seen).toEqual(['first', 'second']);
  expect([pool.entered, pool.left, recorded.get('active stat callback / ext4')]).toEqual([2, 2, [1, -1, 1, -1]]);
});

test('a chain of nested calls over several turns counts once, and the application’s callback is outside again', () => {
  const { clock, recorded, recorder, observation } = createWorld();
  const turns: (() => void)[] = [];
  const later = (...args: unknown[]): void => void turns.push(() => (args.at(-1) as AnyFunction)(null, 3));
  const fs = {
    open: observeCallback(operation('open'), recorder)(later, ON),
    write: observeCallback(operation('write'), recorder)(later, ON),
    close: observeCallback(operation('close'), recorder)(later, ON),
    stat: observeCallback(operation('stat'), recorder)(later, ON),
  };
  const writeFile = observeCallback(operation('writeFile'), recorder)(
    (path: string, data: string, done: AnyFunction) =>
      fs.open(path, () => fs.write(3, data, () => fs.close(3, (error: unknown) => done(error)))),
    ON,
  );
  const depths: number[] = [];
  writeFile('/x', 'data', () => {
    depths.push(observation.depth);
    fs.stat('/y', () => {});
  });
  while (turns.length > 0) {
    clock.ms += 1;
    turns.shift()?.();
    expect(observation.depth).toBe(0);
  }
  expect(depths).toEqual([0]);
  expect([...recorded].filter(([key]) => key.startsWith('duration'))).toEqual([
    ['duration writeFile callback / ext4', [0.003]],
    ['duration stat callback / ext4', [0.001]],
  ]);
  expect(recorded.get('io writeFile callback / ext4 write')).toEqual([4]);
});

test('a compound operation is marked in flight until its callback, which runs outside of it', () => {
  const { recorder, nesting } = createWorld();
  const { callbacks, original } = pending();
  const ran: string[] = [];
  nesting.run = (work) => {
    ran.push('run');
    return work();
  };
  nesting.leave = (work) => {
    ran.push('leave');
    return work();
  };
  observeCallback(operation('rm'), recorder)(original, ON)('/x', () => ran.push('callback'));
  expect(nesting.inFlight).toBe(1);
  callbacks[0]?.(null);
  expect(nesting.inFlight).toBe(0);
  expect(ran).toEqual(['run', 'leave', 'callback']);
});
