import { inspect } from 'node:util';
import { checkInstrumentationOptions, checkOptionNames, show } from '../src/options.ts';

const check = (given: unknown) => () => checkOptionNames('Owner', given, ['enabled', 'one', 'two']);

test.each([[{}], [{ one: 1 }], [{ enabled: false, two: undefined }]])('%j is accepted', (given) => {
  expect(check(given)).not.toThrow();
});

test('a key that is none is told with those there are', () => {
  expect(check({ one: 1, owo: 2 })).toThrow(
    new TypeError('Owner: "owo" is not an option; there are enabled, one, two'),
  );
  expect(check(JSON.parse('{"__proto__": 1}'))).toThrow('"__proto__" is not an option');
  expect(check({ ['x\n'.repeat(9000)]: 1 })).toThrow(/^Owner: "(x\\n){40}" is not/);
});

test.each([[null], [undefined], ['on'], [[]], [7]])('%j is no object of options', (given) => {
  expect(check(given)).toThrow(/^Owner: the options must be an object, got /);
});

test('an instrumentation has its own options and `enabled`, which is a boolean or left out', () => {
  const checkAll = (given: unknown) => () => checkInstrumentationOptions('Owner', given, ['one']);
  for (const enabled of [true, false, undefined]) expect(checkAll({ enabled, one: 1 })).not.toThrow();
  expect(checkAll({})).not.toThrow();
  for (const enabled of ['x', 'false', 0, 1, null, {}]) {
    expect(checkAll({ enabled })).toThrow(new TypeError(`Owner: enabled must be true or false, got ${show(enabled)}`));
  }
  expect(checkAll({ two: 2 })).toThrow('Owner: "two" is not an option; there are enabled, one');
  expect(checkAll(null)).toThrow('Owner: the options must be an object, got null');
});

test.each([
  ['"it\'s"', "it's"],
  ["'7'", '7'],
  ['-0', -0],
  ['7n', 7n],
  ['undefined', undefined],
  ['null', null],
  ['Symbol(odd)', Symbol('odd')],
  ['{ a: [Object] }', { a: { b: 1 } }],
  ['[ 1, [Array] ]', [1, [2]]],
  ['[Object: null prototype] { a: 1 }', { __proto__: null, a: 1 }],
  ['[Function: checkOptionNames]', checkOptionNames],
])('a value is shown as it is written: %s', (text, value) => {
  expect(show(value)).toBe(text);
});

test('a value is shown short and on one line', () => {
  for (const long of ['x\n'.repeat(9000), Array(9000).fill(7), Object.fromEntries(Array(9000).fill(7).entries())]) {
    expect(show(long)).toMatch(/^.{80,120}$/);
  }
  expect(show(new Error('a\nb'))).toMatch(/^Error: a b .{1,120}$/);
});

test('no method, getter or trap of a value is run to show it', () => {
  const run = jest.fn(() => 'ran');
  show({
    [inspect.custom]: run,
    toString: run,
    toJSON: run,
    get a() {
      return run();
    },
  });
  show(new Proxy({}, { get: run, ownKeys: run as never }));
  expect(run).not.toHaveBeenCalled();
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(show(proxy)).toBe('<Revoked Proxy>');
});

test('a value that cannot be read is told by its type', () => {
  const odd = Object.defineProperty(class {}, 'name', {
    get() {
      throw new Error('odd');
    },
  });
  expect(show(odd)).toBe('something of type function');
  expect(show(new odd())).toBe('something of type object');
});
