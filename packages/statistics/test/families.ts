import { StreamingDetector } from '../src/index.ts';
import { random } from './seed.ts';

/** A day at 10 s. */
export const QUIET_POINTS = 8640;
const STEP_MS = 10_000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5);

interface Chance {
  next(): number;
  normal(): number;
  poisson(mean: number): number;
}

/** A series: its value at each time, asked for in order. */
type Series = (timeMs: number) => number;

/** Stationary series in which nothing ever happens; each call makes another one of the family. */
export const FAMILIES: Readonly<Record<string, (chance: Chance) => Series>> = {
  constant: ({ next }) => {
    const value = 100 * next();
    return () => value;
  },
  Gaussian: ({ next, normal }) => {
    const mean = 100 * normal();
    const deviation = 10 ** (2 * next() - 1);
    return () => mean + deviation * normal();
  },
  'counter rate': ({ next, poisson }) => {
    const mean = 10 ** (4 * next() - 1);
    return () => poisson(mean) / 10;
  },
  'heavy-tailed': (chance) => {
    const { next, normal } = chance;
    const sigma = 0.5 + next();
    const exponent = 1.5 + 2 * next();
    const shapes: Series[] = [
      () => Math.exp(sigma * normal()),
      () => (1 - next()) ** (-1 / exponent),
      // Student's t with three degrees of freedom.
      () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3),
    ];
    return shapes[Math.floor(3 * next())] as Series;
  },
  'daily seasonal': ({ next, normal }) => {
    const amplitude = 1 + 10 * next();
    const phase = next();
    const noise = 0.2 + 2 * next();
    return (timeMs) => 50 + amplitude * Math.sin(2 * Math.PI * (timeMs / DAY_MS + phase)) + noise * normal();
  },
};

export interface QuietAlert {
  readonly series: number;
  readonly point: number;
}

/** The folded alerts of so many series of a family: runs of anomalous points, each counted once. */
export function simulateQuiet(
  family: string,
  { series, points, seed }: { series: number; points: number; seed: number },
): QuietAlert[] {
  const alerts: QuietAlert[] = [];
  for (let one = 0; one < series; one++) {
    const valueAt = (FAMILIES[family] as (chance: Chance) => Series)(chanceOf(seed + 7919 * one));
    const detector = new StreamingDetector();
    let wasAnomalous = false;
    for (let point = 0; point < points; point++) {
      const timeMs = START_MS + point * STEP_MS;
      detector.update(timeMs, valueAt(timeMs));
      if (detector.isAnomalous && !wasAnomalous) alerts.push({ series: one, point });
      wasAnomalous = detector.isAnomalous;
    }
  }
  return alerts;
}

export function chanceOf(seed: number): Chance {
  const next = random(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return { next, normal, poisson: (mean) => poisson(mean, next, normal) };
}

/** Exact up to a mean of 30, rounded normal numbers beyond. */
function poisson(mean: number, next: () => number, normal: () => number): number {
  if (mean > 30) {
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  }
  const drawn = next();
  let count = 0;
  let probability = Math.exp(-mean);
  for (let below = probability; drawn > below && count < 1000; below += probability) {
    count++;
    probability *= mean / count;
  }
  return count;
}
