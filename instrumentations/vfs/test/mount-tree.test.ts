import { normalize } from 'node:path';
import fc from 'fast-check';
import { createMountTree } from '../src/mount-tree.ts';
import { runs } from './seed.ts';

const NONE = 99;
const tree = createMountTree(
  [
    ['/', 1],
    ['/proc', 2],
    ['/data', 3],
    ['/data/deep/er', 4],
    ['/etc/hosts', 5],
    ['/daten', 6],
  ],
  NONE,
);

test.each([
  ['/', 1],
  ['/x', 1],
  ['/proc', 2],
  ['/proc/', 2],
  ['/proc/self/stat', 2],
  ['/procfs', 1],
  ['/pro', 1],
  ['/data/x', 3],
  ['/data/deep', 3],
  ['/data/deep/er', 4],
  ['/data/deep/er/x', 4],
  ['/data/deep/error', 3],
  ['/dat', 1],
  ['/date', 1],
  ['/daten/x', 6],
  ['/etc/hosts', 5],
  ['/etc/hosts.allow', 1],
  ['//proc///self', 2],
  ['/./proc/./self', 2],
  ['/data/./deep//er/.', 4],
  ['/.data/x', 1],
  ['/data/.deep/er', 3],
])('%p is on mount %p', (path, mount) => {
  expect(tree.find(path)).toBe(mount);
});

test('without a root mount, and without any, a path elsewhere has none', () => {
  expect(createMountTree([['/a', 1]], NONE).find('/b')).toBe(NONE);
  expect(createMountTree([], NONE).find('/')).toBe(NONE);
});

test('of two mounts at one place the later covers the earlier', () => {
  const covered = createMountTree(
    [
      ['/', 1],
      ['/a', 2],
      ['/', 3],
      ['/a', 4],
    ],
    NONE,
  );
  expect([covered.find('/x'), covered.find('/a/x')]).toEqual([3, 4]);
});

test.each([
  ['/', true],
  ['/data', true],
  ['/data/', true],
  ['/data/deep', true],
  ['/data/deep/er', false],
  ['/proc', false],
  ['/etc', true],
  ['/et', false],
  ['/nowhere', false],
])('whether a mount lies below %p: %p', (directory, is) => {
  expect(tree.hasBelow(directory)).toBe(is);
});

const segment = fc.constantFrom('a', 'ab', 'b', 'proc', 'é', '.x');
const absolute = fc.array(segment, { maxLength: 4 }).map((names) => `/${names.join('/')}`);

/** The plain way: the longest mount point that is the path or ends before one of its slashes; the last of equals. */
function longestPrefix(mountpoints: readonly string[], path: string): number {
  let found = NONE;
  let length = -1;
  mountpoints.forEach((mountpoint, index) => {
    const isAbove = mountpoint === '/' || path === mountpoint || path.startsWith(`${mountpoint}/`);
    if (!isAbove || mountpoint.length < length) return;
    found = index;
    length = mountpoint.length;
  });
  return found;
}

test('the answer is that of a search for the longest prefix, however the path is written', () => {
  const written = fc.array(fc.constantFrom('a', 'ab', 'b', 'proc', 'é', '.x', '.', ''), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(absolute, { maxLength: 8 }), written, (mountpoints, names) => {
      const path = `/${names.join('/')}`;
      const plain = normalize(path).replace(/(.)\/$/, '$1');
      const found = createMountTree(
        mountpoints.map((mountpoint, index) => [mountpoint, index] as const),
        NONE,
      );
      const expected = longestPrefix(mountpoints, plain);
      expect(found.find(path)).toBe(expected);
      const quick = found.byFirstCharacter[path.charCodeAt(1) & 127];
      expect([-1, expected]).toContain(quick);
    }),
    runs(500),
  );
});
