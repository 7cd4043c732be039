import { random } from './seed.ts';

/** Shapes of data that latencies, sizes and differences come in, some of them nasty. */
export const DATASETS: Readonly<Record<string, (size: number, seed: number) => number[]>> = {
  constant: (size) => new Array<number>(size).fill(0.1),
  uniform: (size, seed) => draw(size, seed, (next) => next() * 100),
  exponential: (size, seed) => draw(size, seed, (next) => -Math.log(1 - next()) * 0.02),
  logNormal: (size, seed) => draw(size, seed, (next) => Math.exp(-6 + 2 * normal(next))),
  pareto: (size, seed) => draw(size, seed, (next) => (1 - next()) ** (-1 / 1.1)),
  bimodal: (size, seed) => draw(size, seed, (next) => (next() < 0.98 ? 1 + next() * 0.01 : 1000 + next())),
  integers: (size, seed) => draw(size, seed, (next) => Math.floor(next() * 10)),
  signed: (size, seed) => draw(size, seed, (next) => 1000 * normal(next)),
  powersOfTwo: (size, seed) => draw(size, seed, (next) => 2 ** (Math.floor(next() * 60) - 25)),
  edgesOfBuckets: (size, seed) =>
    draw(size, seed, (next) => 2 ** Math.floor(next() * 8) * (1 + Math.floor(next() * 32) / 32)),
};

export const SIZES = [1, 2, 3, 10, 100, 1000, 10_000];

function draw(size: number, seed: number, one: (next: () => number) => number): number[] {
  const next = random(seed);
  return Array.from({ length: size }, () => one(next));
}

/** Box and Muller's. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** The smallest value that at least the fraction q of all values do not exceed. */
export function exactQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(Math.ceil(q * sorted.length), 1) - 1] as number;
}
