import { promisify } from 'node:util';
import fc from 'fast-check';
import { createPatches } from '../src/patches.ts';
import type { AnyFunction } from '../src/types.ts';
import { runs } from './seed.ts';

/** Wraps so that the result says that it passed through, as instrumentations do. */
function counting(count: { calls: number }) {
  return (original: AnyFunction, patch: { active: boolean }): AnyFunction =>
    function (this: unknown, ...args: unknown[]) {
      if (patch.active) count.calls += 1;
      return Reflect.apply(original, this, args);
    };
}

test('a wrapper takes over name, length, own properties, prototype and the flags of the property', () => {
  const custom = async (): Promise<string> => 'promisified';
  function read(this: unknown, _path: string, _callback: () => void): void {}
  const tag = Symbol('tag');
  Object.assign(read, { native: () => 'native', [tag]: 1 });
  Object.defineProperty(read, promisify.custom, { value: custom });
  const target = Object.defineProperty({}, 'read', {
    value: read,
    enumerable: false,
    writable: false,
    configurable: true,
  }) as { read: typeof read & { native(): string; [tag]: number } };

  expect(createPatches().wrap(target, 'read', counting({ calls: 0 }))).toBe(true);

  expect(target.read).not.toBe(read);
  expect(target.read.name).toBe('read');
  expect(target.read.length).toBe(2);
  expect(target.read.native()).toBe('native');
  expect(target.read[tag]).toBe(1);
  expect(promisify(target.read)).toBe(custom);
  expect(target.read.prototype).toBe(read.prototype);
  expect(Object.getOwnPropertyDescriptor(target, 'read')).toMatchObject({
    enumerable: false,
    writable: false,
    configurable: true,
  });
});

test('a wrapped async function keeps the prototype by which it is known as one', () => {
  const target = { load: async () => 1 };
  createPatches().wrap(target, 'load', counting({ calls: 0 }));
  expect(Object.prototype.toString.call(target.load)).toBe('[object AsyncFunction]');
});

test.each([
  ['an arrow function', { call: () => 1 }],
  ['a method', { call() {} }],
  ['an async function', { call: async () => 1 }],
])('%s, which has no prototype, gets none', (_, target) => {
  createPatches().wrap(target, 'call', counting({ calls: 0 }));
  expect(Object.hasOwn(target.call, 'prototype')).toBe(false);
  expect(() => Reflect.construct(target.call, [])).toThrow(TypeError);
});

test('a wrapped class can be constructed and extended', () => {
  class Stream {
    readonly path: string;
    constructor(path: string) {
      this.path = path;
    }
  }
  const target = { Stream };
  createPatches().wrap(
    target,
    'Stream',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        return Reflect.construct(original, args, new.target);
      },
  );
  class Special extends target.Stream {}
  expect(new Special('x')).toBeInstanceOf(Stream);
  expect(new target.Stream('y').path).toBe('y');
  expect(new target.Stream('y')).toBeInstanceOf(target.Stream);
});

test('this, the number of arguments, results and thrown values pass unchanged', () => {
  const seen: unknown[] = [];
  const thrown = { not: 'an error' };
  const target = {
    call(this: unknown, ...args: unknown[]): unknown {
      seen.push(this, args.length);
      if (args[0] === 'throw') throw thrown;
      return args;
    },
  };
  createPatches().wrap(target, 'call', counting({ calls: 0 }));
  const self = {};
  expect(target.call.call(self, 1, undefined)).toEqual([1, undefined]);
  expect(seen).toEqual([self, 2]);
  let caught: unknown;
  try {
    target.call('throw');
  } catch (error) {
    caught = error;
  }
  expect(caught).toBe(thrown);
});

test.each([
  ['an absent property', {}],
  ['a property that is no function', { call: 1 }],
  [
    'an accessor',
    {
      get call() {
        return () => 1;
      },
    },
  ],
  ['a frozen object', Object.freeze({ call: () => 1 })],
  ['an inherited method', Object.create({ call: () => 1 })],
  ['a proxy that refuses', new Proxy({ call: () => 1 }, { defineProperty: () => false })],
  [
    'a proxy that throws',
    new Proxy(
      { call: () => 1 },
      {
        defineProperty: () => {
          throw new Error('no');
        },
      },
    ),
  ],
])('%s is left alone', (_, target) => {
  const patches = createPatches();
  const before = Object.getOwnPropertyDescriptor(target, 'call');
  expect(patches.wrap(target, 'call', counting({ calls: 0 }))).toBe(false);
  expect(patches.size).toBe(0);
  expect(Object.getOwnPropertyDescriptor(target, 'call')).toEqual(before);
  patches.restore();
});

test('restore puts back the very function and descriptor', () => {
  const call = (): number => 1;
  const target = { call };
  const before = Object.getOwnPropertyDescriptor(target, 'call');
  const patches = createPatches();
  patches.wrap(target, 'call', counting({ calls: 0 }));
  patches.wrap(target, 'call', counting({ calls: 0 }));
  patches.restore();
  expect(Object.getOwnPropertyDescriptor(target, 'call')).toEqual(before);
  expect(target.call).toBe(call);
  expect(patches.size).toBe(0);
});

test('a reference that was taken while patched only passes through after restore', () => {
  const count = { calls: 0 };
  const target = { call: (x: number) => x + 1 };
  const patches = createPatches();
  patches.wrap(target, 'call', counting(count));
  const { call } = target;
  expect(call(1)).toBe(2);
  patches.restore();
  expect(call(1)).toBe(2);
  expect(count.calls).toBe(1);
});

test('two sets of patches come off in any order', () => {
  const call = (x: number): number => x;
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const target = { call };
    const counts = [{ calls: 0 }, { calls: 0 }] as const;
    const sets = [createPatches(), createPatches()] as const;
    sets[0].wrap(target, 'call', counting(counts[0]));
    sets[1].wrap(target, 'call', counting(counts[1]));
    target.call(1);
    sets[order[0] as 0 | 1].restore();
    target.call(1);
    sets[order[1] as 0 | 1].restore();
    target.call(1);
    expect(counts[order[0] as 0 | 1].calls).toBe(1);
    expect(counts[order[1] as 0 | 1].calls).toBe(2);
  }
});

test('whatever foreign wrappers come below and above, restore leaves exactly them', () => {
  const layer = fc.constantFrom('foreign', 'ours');
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 6 }), fc.array(layer, { maxLength: 6 }), (first, second) => {
      const target = { call: (trace: string[]): string[] => trace };
      const patches = createPatches();
      const count = { calls: 0 };
      let foreign = 0;
      const apply = (layers: string[]): void => {
        for (const kind of layers) {
          if (kind === 'ours') {
            patches.wrap(target, 'call', counting(count));
            continue;
          }
          const name = `foreign ${foreign++}`;
          const inner = target.call;
          target.call = (trace) => inner([...trace, name]);
        }
      };
      const foreignOnly = (): string[] => Array.from({ length: foreign }, (_, index) => `foreign ${index}`).reverse();
      apply(first);
      patches.restore();
      expect(target.call([])).toEqual(foreignOnly());
      expect(count.calls).toBe(0);
      apply(second);
      expect(target.call([])).toEqual(foreignOnly());
      expect(count.calls).toBe(second.filter((kind) => kind === 'ours').length);
      patches.restore();
      expect(target.call([])).toEqual(foreignOnly());
    }),
    runs(200),
  );
});
