import { type Demands, waterFill } from '../water-fill.ts';
import type { Load } from './load.ts';

/** What stays for keys when sampled parents elsewhere use up the budget; as in a single process. */
const MIN_OWN_SHARE = 0.05;
/** Part of the budget that is given on top, in equal parts, to members that would get less: theirs when load comes. */
const FLOOR = 0.05;

/** A budget that a fleet shares. */
export interface Goal {
  readonly budget: number;
  readonly uniformity: number;
}

const OVERFLOW = '';

function demandsOf({ keys, overflow }: Load): { names: string[]; demands: Demands } {
  const length = keys.size + 1;
  const [rate, cost, weight] = [new Float64Array(length), new Float64Array(length), new Float64Array(length).fill(1)];
  const names: string[] = [];
  for (const [name, key] of keys) {
    rate[names.length] = key.rate;
    cost[names.length] = Math.max(key.cost / key.rate, Number.MIN_VALUE);
    names.push(name);
  }
  if (overflow.rate > 0) {
    rate[names.length] = overflow.rate;
    cost[names.length] = Math.max(overflow.cost / overflow.rate, Number.MIN_VALUE);
    weight[names.length] = overflow.keys;
    names.push(OVERFLOW);
  }
  return { names, demands: { length: names.length, rate, cost, weight, probability: new Float64Array(length) } };
}

/** What a load costs when each key is kept with the probability that the fleet keeps it with. */
function costOf({ keys, overflow, unplanned }: Load, probability: ReadonlyMap<string, number>): number {
  let sum = unplanned + overflow.cost * (probability.get(OVERFLOW) ?? 0);
  for (const [name, { cost }] of keys) sum += cost * (probability.get(name) ?? 0);
  return sum;
}

/**
 * The part of a budget that one member may keep: what its load costs at the probabilities that all members compute from
 * the load of all, and an equal part of what nobody needs. The parts add up to the budget, and to at most a twentieth more
 * with what idle members are given in advance.
 * @param own what the member told of itself, a part of `all`
 */
export function leaseOf(own: Load, all: Load, { budget, uniformity }: Goal): number {
  const { names, demands } = demandsOf(all);
  waterFill(demands, Math.max(budget - all.unplanned, MIN_OWN_SHARE * budget), uniformity);
  const probability = new Map(names.map((name, i) => [name, demands.probability[i] as number]));
  const total = costOf(all, probability);
  const fitting = costOf(own, probability) * (total > budget ? budget / total : 1);
  const unused = Math.max(0, budget - total) / all.processes;
  return Math.max(fitting + unused, (FLOOR * budget) / all.processes);
}
