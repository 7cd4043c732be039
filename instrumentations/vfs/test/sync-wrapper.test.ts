import fc from 'fast-check';
import { FS_OPERATIONS } from '../src/operations.ts';
import { createOperation } from '../src/series.ts';
import { observeSync } from '../src/sync-wrapper.ts';
import { createWorld, taking } from './fixtures/recorder-world.ts';
import { runs } from './seed.ts';

function operation(name: string) {
  const definition = FS_OPERATIONS.find((candidate) => candidate.name === name);
  if (definition === undefined) throw new Error(name);
  return createOperation(definition, 'sync');
}

const ON = { active: true };

test('an operation is recorded with its duration in seconds, operation, api and mount', () => {
  const { clock, recorded, recorder } = createWorld();
  const stat = observeSync(operation('stat'), recorder)(taking(clock, 2, 'stats'), ON);
  expect(stat('/data/x')).toBe('stats');
  expect([...recorded]).toEqual([['duration stat sync /data xfs', [0.002]]]);
});

test('a failure is rethrown as it is, timed, and counted by code', () => {
  const { clock, recorded, recorder, failed } = createWorld();
  const error = Object.assign(new Error('x'), { code: 'ENOENT' });
  const stat = observeSync(operation('stat'), recorder)(taking(clock, 3, error), ON);
  expect(() => stat('/x')).toThrow(error);
  expect([...recorded]).toEqual([
    ['errors stat sync / ext4 ENOENT', [1]],
    ['duration stat sync / ext4', [0.003]],
  ]);
  expect(failed).toMatchObject([{ code: 'ENOENT', target: '/x', startMs: 0, endMs: 3 }]);
});

test('a slow operation is reported with its start and end', () => {
  const { clock, recorder, slow } = createWorld();
  clock.ms = 50;
  observeSync(operation('stat'), recorder)(taking(clock, 100), ON)('/x');
  expect(slow).toMatchObject([{ target: '/x', startMs: 50, endMs: 150, bytes: Number.NaN, code: undefined }]);
});

test('what an operation calls inside is not counted again, and the depth comes back also after a throw', () => {
  const { clock, recorded, recorder, observation } = createWorld();
  const open = observeSync(operation('open'), recorder)(taking(clock, 1, 5), ON);
  const inner = observeSync(operation('access'), recorder)(taking(clock, 1, new Error('inside')), ON);
  const readFile = observeSync(operation('readFile'), recorder)(() => {
    open('/x');
    inner('/x');
  }, ON);
  expect(() => readFile('/x')).toThrow('inside');
  expect(observation.depth).toBe(0);
  expect([...recorded.keys()]).toEqual(
    ['duration readFile sync / ext4', 'errors readFile sync / ext4 Error'].reverse(),
  );
});

test('bytes are counted by direction, and only those that were moved', () => {
  const { clock, recorded, recorder } = createWorld();
  const call = (name: string, result: unknown, ...args: unknown[]): void => {
    observeSync(operation(name), recorder)(taking(clock, 1, result), ON)(...args);
  };
  call('readFile', 'hällo', '/x', 'utf8');
  call('writeFile', undefined, '/x', Buffer.alloc(9));
  call('read', 0, 3, Buffer.alloc(4));
  call('writev', 12, 3, []);
  const io = [...recorded].filter(([key]) => key.startsWith('io'));
  expect(io).toEqual([
    ['io readFile sync / ext4 read', [6]],
    ['io writeFile sync / ext4 write', [9]],
    ['io writev sync unknown unknown write', [12]],
  ]);
});

test('operations on a descriptor count for the mount it was opened on, until it is closed', () => {
  const { clock, recorded, recorder } = createWorld();
  const call = (name: string, result: unknown, ...args: unknown[]): void => {
    observeSync(operation(name), recorder)(taking(clock, 1, result), ON)(...args);
  };
  call('open', 9, '/data/x');
  call('read', 4, 9, Buffer.alloc(4));
  call('close', undefined, 9);
  call('read', 4, 9, Buffer.alloc(4));
  call('open', 9, '/y');
  call('fstat', {}, 9);
  const durations = [...recorded.keys()].filter((key) => key.startsWith('duration'));
  expect(durations).toEqual([
    'duration open sync /data xfs',
    'duration read sync /data xfs',
    'duration close sync /data xfs',
    'duration read sync unknown unknown',
    'duration open sync / ext4',
    'duration fstat sync / ext4',
  ]);
});

test('symlink counts where the link is made', () => {
  const { clock, recorded, recorder } = createWorld();
  observeSync(operation('symlink'), recorder)(taking(clock, 1), ON)('/x', '/data/link');
  expect([...recorded.keys()]).toEqual(['duration symlink sync /data xfs']);
});

test('this and the number of arguments pass unchanged', () => {
  const { recorder } = createWorld();
  for (const name of ['stat', 'readFile']) {
    const seen: unknown[] = [];
    const wrapped = observeSync(operation(name), recorder)(function (this: unknown, ...args: unknown[]) {
      seen.push(this, args);
    }, ON);
    const self = {};
    Reflect.apply(wrapped, self, ['/x', undefined, 3]);
    Reflect.apply(wrapped, undefined, []);
    expect(seen).toEqual([self, ['/x', undefined, 3], undefined, []]);
  }
});

test('an inactive patch, and a call in a hidden place, only pass through', () => {
  const { clock, recorded, recorder, nesting } = createWorld();
  nesting.isInside = () => true;
  const stat = observeSync(operation('stat'), recorder)(taking(clock, 1, 'r'), ON);
  nesting.inFlight = 1;
  expect(stat('/x')).toBe('r');
  nesting.inFlight = 0;
  expect(observeSync(operation('stat'), recorder)(taking(clock, 1, 'r'), { active: false })('/x')).toBe('r');
  expect(observeSync(operation('readFile'), recorder)(taking(clock, 1, 'r'), { active: false })('/x')).toBe('r');
  expect(recorded.size).toBe(0);
});

test('ignored files are not counted, nor what is done with descriptors of them', () => {
  const { clock, recorded, recorder } = createWorld({ ignorePath: (path) => path.startsWith('/data') });
  const call = (name: string, result: unknown, ...args: unknown[]): void => {
    observeSync(operation(name), recorder)(taking(clock, 1, result), ON)(...args);
  };
  call('stat', {}, '/data/x');
  call('open', 9, '/data/x');
  call('read', 4, 9, Buffer.alloc(4));
  call('close', undefined, 9);
  expect(recorded.size).toBe(0);
  call('stat', {}, '/x');
  expect(recorded.size).toBe(1);
});

test('a reporter that throws does not reach the caller', () => {
  const fail = (): never => {
    throw new Error('reporter');
  };
  const { clock, recorder } = createWorld({ reports: { slow: fail, failed: fail } });
  expect(observeSync(operation('stat'), recorder)(taking(clock, 500, 'r'), ON)('/x')).toBe('r');
  expect(observeSync(operation('readFile'), recorder)(taking(clock, 500, 'r'), ON)('/x')).toBe('r');
  const error = new Error('own');
  expect(() => observeSync(operation('stat'), recorder)(taking(clock, 1, error), ON)('/x')).toThrow(error);
});

describe('with sampling', () => {
  test('quick calls are timed one in so many and counted each, as long as the last one timed', () => {
    const { clock, recorded, recorder } = createWorld({ sampling: 8, random: () => 0.5 });
    let ms = 0.01;
    const stat = observeSync(operation('stat'), recorder)(() => {
      clock.ms += ms;
    }, ON);
    for (let call = 0; call < 8; call++) {
      ms = 0.01 + call / 1000;
      stat('/x');
    }
    // Of the first, and then, after 7 that were not, of none: 0.5 * (2 * 8 - 1) = 7.5.
    const durations = recorded.get('duration stat sync / ext4') ?? [];
    expect(durations).toHaveLength(8);
    expect(new Set(durations.map((seconds) => seconds.toFixed(9)))).toEqual(new Set(['0.000010000']));
    stat('/x');
    expect(recorded.get('duration stat sync / ext4')?.at(-1)).toBeCloseTo(0.000017, 9);
  });

  test('the clock is read for timed calls only', () => {
    const { clock, recorder } = createWorld({ sampling: 8 });
    const stat = observeSync(operation('stat'), recorder)(taking(clock, 0.01), ON);
    stat('/x');
    const { reads } = clock;
    for (let call = 0; call < 7; call++) stat('/x');
    expect(clock.reads).toBe(reads);
  });

  test('whatever takes longer is timed each time', () => {
    const { clock, recorded, recorder, slow } = createWorld({ sampling: 8 });
    let ms = 0.01;
    const stat = observeSync(operation('stat'), recorder)(() => {
      clock.ms += ms;
    }, ON);
    for (let call = 0; call < 8; call++) stat('/x');
    ms = 200;
    for (let call = 0; call < 5; call++) stat('/x');
    expect(slow).toHaveLength(5);
    expect(recorded.get('duration stat sync / ext4')?.slice(8)).toEqual(
      [0.2, 0.2, 0.2, 0.2, 0.2].map(() => expect.closeTo(0.2)),
    );
  });

  test('each mount is timed by itself', () => {
    const { clock, recorded, recorder } = createWorld({ sampling: 1000, random: () => 0.99 });
    const stat = observeSync(operation('stat'), recorder)((path: string) => {
      clock.ms += path.startsWith('/data') ? 30 : 0.01;
    }, ON);
    for (let call = 0; call < 20; call++) {
      stat('/x');
      stat('/data/x');
    }
    expect(recorded.get('duration stat sync / ext4')).toEqual(Array(20).fill(expect.closeTo(0.00001)));
    expect(recorded.get('duration stat sync /data xfs')).toEqual(Array(20).fill(expect.closeTo(0.03)));
  });

  test('a failure that was not timed is counted once, with its code', () => {
    const { clock, recorded, recorder, failed } = createWorld({ sampling: 8 });
    const error = Object.assign(new Error('x'), { code: 'EACCES' });
    let fails = false;
    const stat = observeSync(operation('stat'), recorder)(() => {
      clock.ms += 0.02;
      if (fails) throw error;
    }, ON);
    stat('/x');
    fails = true;
    expect(() => stat('/x')).toThrow(error);
    expect(recorded.get('duration stat sync / ext4')).toHaveLength(2);
    expect(recorded.get('errors stat sync / ext4 EACCES')).toEqual([1]);
    expect(failed).toHaveLength(1);
  });

  test('counts are exact whatever the paths, durations and luck', () => {
    const call = fc.record({
      path: fc.constantFrom<unknown>('/x', '/data/x', '//data/y', 'relative', '/a/../data', Buffer.from('/data/b'), 7),
      ms: fc.constantFrom(0.001, 0.02, 0.2, 150),
      fails: fc.boolean(),
    });
    const luck = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 60 }),
        luck,
        fc.constantFrom(1, 2, 8, 100),
        (calls, numbers, sampling) => {
          const world = createWorld({ sampling, random: () => numbers.next().value as number });
          let present = { ms: 0, fails: false };
          const stat = observeSync(operation('stat'), world.recorder)(() => {
            world.clock.ms += present.ms;
            if (present.fails) throw new Error('x');
          }, ON);
          for (const next of calls) {
            present = next;
            try {
              stat(next.path);
            } catch {
              // As expected of those that fail.
            }
          }
          const sum = (prefix: string): number =>
            [...world.recorded]
              .filter(([key]) => key.startsWith(prefix))
              .reduce((count, [, values]) => count + values.length, 0);
          expect(sum('duration')).toBe(calls.length);
          expect(sum('errors')).toBe(calls.filter(({ fails }) => fails).length);
          const onData = calls.filter(({ path }) => !['/x', 'relative', 7].includes(path as never)).length;
          expect(sum('duration stat sync /data')).toBe(onData);
        },
      ),
      runs(150),
    );
  });
});
