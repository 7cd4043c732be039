/** The traffic in which samplers are compared. */
import type { Chance } from './random.ts';
import type { Workload } from './workload.ts';

/** Every fifth key fails often; in ten seconds of each minute everything does. */
function errorShare(key: number, t: number): number {
  const isStorm = t % 60 >= 40 && t % 60 < 50;
  return isStorm ? 0.5 : key % 5 === 0 ? 0.2 : 0.02;
}

/** Log-normal, each key with a median of its own; after 75 s every third key is four times as slow. */
function latencyMs(key: number, t: number, normal: number): number {
  const regime = key % 3 === 0 && t >= 75 ? 4 : 1;
  return (5 + (key % 40)) * regime * Math.exp(0.8 * normal);
}

/** Mean 8. */
const geometric = (chance: Chance): number => 1 + Math.floor(Math.log(1 - chance.next()) / Math.log(1 - 1 / 8));
/** Pareto with exponent 1.5, 1 to 5000: mean about 3, most spans in few traces. */
const heavyTailed = (chance: Chance): number => Math.min(5000, Math.floor((1 - chance.next()) ** (-1 / 1.5)));

/** Traces a second that are to be kept. */
export const BUDGET = 50;
/** Seconds of steady traffic before a scenario begins, which do not count: some samplers keep everything at first. */
export const WARM_UP_SECONDS = 45;
export const SCENARIO_SECONDS = 90;
const BASE = 10 * BUDGET;
const common = { errorShare, latencyMs, spans: geometric, seconds: WARM_UP_SECONDS + SCENARIO_SECONDS };

/** @param rate of the scenario, from its beginning on */
function shaped(rate: (t: number) => number, maxRate: number, given: Partial<Workload> = {}): Workload {
  const warmRate = rate(0);
  const whole = (t: number): number => (t < WARM_UP_SECONDS ? warmRate : rate(t - WARM_UP_SECONDS));
  return { ...common, rate: whole, maxRate, keys: 200, skew: 1.1, ...given };
}

const steady = (given: Partial<Workload>): Workload => shaped(() => BASE, BASE, given);
const step = (factor: number): Workload => {
  const before = Math.min(BASE, (10 * BASE) / factor);
  return shaped((t) => (t < 30 ? before : before * factor), before * factor);
};

export const SCENARIOS: Readonly<Record<string, Workload>> = {
  'step x2': step(2),
  'step x10': step(10),
  'step x100': step(100),
  ramp: shaped((t) => BASE * (0.2 + (t / SCENARIO_SECONDS) * 3.8), 4 * BASE),
  diurnal: shaped((t) => BASE * (1 + 0.8 * Math.sin((2 * Math.PI * t) / SCENARIO_SECONDS)), 1.8 * BASE),
  'square bursts': shaped((t) => (t % 20 < 10 ? 0.3 * BASE : 3 * BASE), 3 * BASE),
  'silence then flood': shaped((t) => (t < 20 ? BASE : t < 60 ? 0 : 5 * BASE), 5 * BASE),
  'random bursts': steady({ bursts: { factor: 8, everySeconds: 20, lastSeconds: 4 } }),
  '20 keys, s 1.4': steady({ keys: 20, skew: 1.4 }),
  '2000 keys, s 0.8': steady({ keys: 2000, skew: 0.8 }),
  churn: steady({ churnSeconds: 30 }),
  'unique keys': steady({ uniqueShare: 0.3 }),
  'heavy-tailed traces': steady({ spans: heavyTailed }),
};
