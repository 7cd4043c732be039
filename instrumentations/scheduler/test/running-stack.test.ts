import { exposeRunningStack } from '../src/running-stack.ts';
import {
  LOOK,
  LOOK_HOOK,
  LOOK_LENGTH,
  LOOK_STATES,
  lookText,
  type SeenFrame,
  TURN,
  WATCH_MEMORY_BYTES,
} from '../src/watch-memory.ts';

type Look = (turn: number, maxFrames: number) => void;

const memory = new SharedArrayBuffer(WATCH_MEMORY_BYTES);
const cells = new Int32Array(memory);
let hide: () => void;
beforeEach(() => {
  cells[TURN] = 7;
  hide = exposeRunningStack(memory);
});
afterEach(() => hide());

/** As the inspector does: by a script of its own. */
function look(turn: number, maxFrames: number): readonly SeenFrame[] | undefined {
  const hook = Reflect.get(globalThis, LOOK_HOOK) as Look;
  cells[LOOK] = LOOK_STATES.asked;
  (function inspector(): void {
    hook(turn, maxFrames);
  })();
  expect(cells[LOOK]).toBe(LOOK_STATES.told);
  const length = cells[LOOK_LENGTH] as number;
  if (length === 0) return undefined;
  return (JSON.parse(lookText(memory).toString('utf8', 0, length)) as { frames: SeenFrame[] }).frames;
}

test('the hook tells the frames of what runs, without its own, and no more than asked for', () => {
  const frames = look(7, 3);
  expect(frames).toHaveLength(3);
  expect(frames?.[0]).toMatchObject({ function: 'look', file: expect.stringContaining('running-stack.test') });
  const deep = (left: number): readonly SeenFrame[] | undefined => (left === 0 ? look(7, 100) : deep(left - 1));
  expect(deep(150)).toHaveLength(100);
});

test('it tells nothing about another turn than it is asked about, and is not to be seen', () => {
  expect(look(6, 3)).toBeUndefined();
  expect(Object.prototype.propertyIsEnumerable.call(globalThis, LOOK_HOOK)).toBe(false);
  hide();
  expect(LOOK_HOOK in globalThis).toBe(false);
});

test('the code of the application that formats stacks is not called', () => {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  Error.prepareStackTrace = () => {
    throw new Error('called');
  };
  try {
    expect(look(7, 1)).toHaveLength(1);
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  }
});

test('what does not fit is left out from the outer end', () => {
  const name = 'f'.repeat(5000);
  const deep = { [name]: (left: number): unknown => (left === 0 ? look(7, 100) : deep[name]?.(left - 1)) };
  const frames = deep[name]?.(50) as readonly SeenFrame[];
  expect(frames.length).toBeGreaterThan(2);
  expect(frames.length).toBeLessThan(10);
  expect(frames[0]?.function).toBe('look');
});

test('a watcher that has given the look up is not waited for', () => {
  cells[LOOK] = LOOK_STATES.none;
  (Reflect.get(globalThis, LOOK_HOOK) as Look)(7, 3);
  expect(cells[LOOK]).toBe(LOOK_STATES.none);
});

test('nothing that the application lays over built-ins is called', () => {
  const called: string[] = [];
  const targets = [
    [Object.prototype, 'toJSON'],
    [Array.prototype, 'toJSON'],
    [String.prototype, 'toJSON'],
    [Array.prototype, 'slice'],
    [Array.prototype, 'map'],
    [Buffer.prototype, 'write'],
    [JSON, 'stringify'],
    [Symbol, 'for'],
  ] as const;
  const before = targets.map(([target, key]) => Object.getOwnPropertyDescriptor(target, key));
  const hook = Reflect.get(globalThis, LOOK_HOOK) as Look;
  cells[LOOK] = LOOK_STATES.asked;
  for (const [target, key] of targets) {
    const value = (): unknown => called.push(key);
    Object.defineProperty(target, key, { value, configurable: true, writable: true });
  }
  try {
    hook(7, 10);
  } finally {
    targets.forEach(([target, key], index) => {
      const descriptor = before[index];
      if (descriptor === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, descriptor);
    });
  }
  expect(called).toEqual([]);
  expect(cells[LOOK_LENGTH]).toBeGreaterThan(0);
});
