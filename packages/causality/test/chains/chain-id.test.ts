import { chainIdOf } from '../../src/chains/chain-id.ts';

test('a trace id is the id of its chain', () => {
  expect(chainIdOf('0af7651916cd43dd8448eb211c80319c')).toBe('0af7651916cd43dd8448eb211c80319c');
});

test.each([
  'order-4711',
  'x',
  '0'.repeat(32),
  '0AF7651916CD43DD8448EB211C80319C',
  '__proto__',
  '\u0000',
  '\ud800',
  'ä'.repeat(256),
])('the name %j has an id of its own, the same each time', (name) => {
  expect(chainIdOf(name)).toMatch(/^[0-9a-f]{32}$/);
  expect(chainIdOf(name)).not.toMatch(/^0+$/);
  const id = chainIdOf(name);
  chainIdOf('something else');
  expect(chainIdOf(name)).toBe(id);
});

test('different names have different ids, in every process the same', () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => chainIdOf(`order-${i}`));
  expect(new Set(ids).size).toBe(10_000);
  expect(chainIdOf('order-4711')).toBe('173d0ddbff034193face7ce60d3f58b4');
});

test.each(['', 'x'.repeat(257), undefined, null, 7, {}, ['a'], Symbol('a')])('%p is no name', (name) => {
  expect(chainIdOf(name)).toBeUndefined();
});
