import fc from 'fast-check';
import { createDescriptors } from '../src/descriptors.ts';
import { runs } from './seed.ts';

test('a descriptor is known from open to close, and again with another mount when its number is reused', () => {
  const descriptors = createDescriptors();
  expect(descriptors.mountOf(5)).toBe(-1);
  descriptors.set(5, 0);
  expect(descriptors.mountOf(5)).toBe(0);
  descriptors.clear(5);
  expect(descriptors.mountOf(5)).toBe(-1);
  descriptors.set(5, 3);
  expect(descriptors.mountOf(5)).toBe(3);
});

test('numbers that are no descriptors, and those beyond the table, are unknown and do no harm', () => {
  const descriptors = createDescriptors();
  for (const fd of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 65_536, 2 ** 40]) {
    descriptors.set(fd, 1);
    expect(descriptors.mountOf(fd)).toBe(-1);
    descriptors.clear(fd);
  }
  descriptors.set(65_535, 2);
  expect(descriptors.mountOf(65_535)).toBe(2);
});

test('it is a map from descriptors to mounts', () => {
  const fd = fc.integer({ min: 0, max: 65_535 });
  const step = fc.oneof(fc.tuple(fd, fc.integer({ min: 0, max: 0xfffe })), fc.tuple(fd, fc.constant(undefined)));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const descriptors = createDescriptors();
      const map = new Map<number, number>();
      for (const [number, mount] of steps) {
        if (mount === undefined) {
          descriptors.clear(number);
          map.delete(number);
        } else {
          descriptors.set(number, mount);
          map.set(number, mount);
        }
      }
      for (const [number] of steps) expect(descriptors.mountOf(number)).toBe(map.get(number) ?? -1);
    }),
    runs(100),
  );
});
