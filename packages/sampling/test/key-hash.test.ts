import fc from 'fast-check';
import { KeyHash, normalisePath } from '../src/key-hash.ts';
import { runs, SEED } from './seed.ts';

const hash = new KeyHash(() => (SEED % 1000) / 1000);
function hashOf(path: string): string {
  hash.begin(1);
  hash.path(path);
  hash.end();
  return `${hash.high},${hash.low}`;
}

test.each([
  ['/', '/'],
  ['', '/'],
  ['/users/4711', '/users/*'],
  ['/users/4711/', '/users/*'],
  ['/users/4711?x=/1#y', '/users/*'],
  ['/v1/2fa/page-12', '/v1/2fa/page-12'],
  ['/order-12345', '/*'],
  ['/f47ac10b-58cc-4372-a567-0e02b2c3d479', '/*'],
  ['/deadbeef', '/deadbeef'],
  ['/deadbee1', '/*'],
  [`/${'x'.repeat(33)}`, '/*'],
  [`/${'x'.repeat(32)}`, `/${'x'.repeat(32)}`],
  ['/a/b/c/d/e/f', '/a/b/c/d'],
  ['//a', '//a'],
  ['?x', '/'],
  ['no-slash/12', '/no-slash/*'],
])('%s is shown as %s', (path, shown) => {
  expect(normalisePath(path)).toBe(shown);
});

test('two paths have one hash exactly when they are shown alike', () => {
  const segment = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab1/?#*-'), maxLength: 10 }),
    fc.constantFrom('*', '12', '', 'a'),
  );
  const path = fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`);
  fc.assert(
    fc.property(path, path, (a, b) => {
      // A literal `*` is shown like a variable segment, `//` like `/`, and each is a key of its own.
      fc.pre(!/\*|\/\//.test(a) && !/\*|\/\//.test(b));
      expect(hashOf(a) === hashOf(b)).toBe(normalisePath(a) === normalisePath(b));
    }),
    runs(3000),
  );
});

test('reading ends after 256 characters, whatever follows', () => {
  const long = `/a/${'x/'.repeat(1000)}`;
  expect(hashOf(long)).toBe(hashOf(`${long}more`));
  expect(normalisePath(`/${'y'.repeat(1_000_000)}`)).toBe('/*');
});

test('a name, a path and a route with the same characters are three keys', () => {
  const keys = [() => hash.text('/a'), () => hash.path('/a'), () => hash.text('/a/')].map((add) => {
    hash.begin(1);
    add();
    hash.end();
    return `${hash.high},${hash.low}`;
  });
  expect(new Set(keys).size).toBe(3);
});
