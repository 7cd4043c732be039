import { type Cause, emptySplit } from '../../src/blame/causes.ts';
import { summarize } from '../../src/blame/summary.ts';

function told(ms: Partial<Record<Cause, number>>): string | undefined {
  return summarize({ ...emptySplit(), ...ms }, []);
}

test('what a request waited for is told as waiting', () => {
  expect(told({ gc: 140, child_service: 30 })).toBe(
    'waited 170 ms: 140 ms garbage collection, 30 ms others working for it',
  );
});

test.each([
  ['own_turn', 'running itself'],
  ['busy_loop', 'in a busy event loop'],
  ['pool_work', 'working in the libuv pool'],
] as const)('its own work is nothing it waited for: %s', (cause, phrase) => {
  expect(told({ [cause]: 302 })).toBe(`took 302 ms: 302 ms ${phrase}`);
  // The whole of it, also what is not explained.
  expect(told({ [cause]: 100, unexplained: 300 })).toBe(`took 400 ms: 100 ms ${phrase}`);
  expect(told({ [cause]: 30, gc: 1500, unexplained: 70 })).toBe('waited 1.53 s: 1.50 s garbage collection');
});

test('nothing is told where nothing is explained', () => {
  expect(told({})).toBeUndefined();
  expect(told({ unexplained: 99, gc: 1 })).toBeUndefined();
});
