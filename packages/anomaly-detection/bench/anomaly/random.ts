import { random } from '../../../statistics/test/seed.ts';

/** So many standard normal numbers of a seed. */
export function normals(count: number, seed: number): Float64Array {
  const next = random(seed);
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}
