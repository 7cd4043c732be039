import { exposeRunningStack } from '../src/running-stack.ts';
import { LOOK_HOOK, type SeenFrame, TURN, WATCH_MEMORY_BYTES } from '../src/watch-memory.ts';

type Look = (turn: number, maxFrames: number) => string | undefined;

const cells = new Int32Array(WATCH_MEMORY_BYTES / 4);
let hide: () => void;
beforeEach(() => {
  cells[TURN] = 7;
  hide = exposeRunningStack(cells);
});
afterEach(() => hide());

/** As the inspector does: by a script of its own. */
function look(turn: number, maxFrames: number): readonly SeenFrame[] | undefined {
  const hook = Reflect.get(globalThis, Symbol.for(LOOK_HOOK)) as Look;
  const answer = (function inspector(): string | undefined {
    return hook(turn, maxFrames);
  })();
  return answer === undefined ? undefined : (JSON.parse(answer) as { frames: SeenFrame[] }).frames;
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
  expect(Object.prototype.propertyIsEnumerable.call(globalThis, Symbol.for(LOOK_HOOK))).toBe(false);
  hide();
  expect(Symbol.for(LOOK_HOOK) in globalThis).toBe(false);
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
