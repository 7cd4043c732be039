import { checkOptionNames } from '../src/options.ts';

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
