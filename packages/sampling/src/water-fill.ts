/** Keys that share one budget, in parallel arrays of which the first `length` entries count. */
export interface Demands {
  length: number;
  /** Traces a second, 0 or more. */
  readonly rate: Float64Array;
  /** What one trace costs, above 0. */
  readonly cost: Float64Array;
  /** How many keys an entry stands for, above 0. */
  readonly weight: Float64Array;
  /** Result: the probability of each entry. */
  readonly probability: Float64Array;
}

/** Scratch: the level at which an entry is kept whole, `(rate / weight)^(1 - uniformity)`. */
function saturationLevels(demands: Demands, uniformity: number): Float64Array {
  const { length, rate, weight, probability } = demands;
  const exponent = 1 - uniformity;
  for (let i = 0; i < length; i += 1) {
    const each = (rate[i] as number) / (weight[i] as number);
    // 0 ** 0 is 1: an idle key of a uniform sampler has the probability of the others.
    probability[i] = exponent === 0.5 ? Math.sqrt(each) : each ** exponent;
  }
  return probability;
}

/** The level at which the budget is spent, if the entries that are whole at `level` stay so. */
function raisedLevel({ length, rate, cost, probability }: Demands, budget: number, level: number): number {
  let whole = 0;
  let slope = 0;
  for (let i = 0; i < length; i += 1) {
    const demand = (rate[i] as number) * (cost[i] as number);
    const saturation = probability[i] as number;
    if (saturation <= level) whole += demand;
    else slope += demand / saturation;
  }
  return slope === 0 ? Number.POSITIVE_INFINITY : Math.max(level, (budget - whole) / slope);
}

/**
 * Shares a budget: entry i is kept with `min(1, L / (rate/weight)^(1-uniformity))`, L such that the cost of what is kept is
 * the budget. With uniformity 0 this is max-min fairness, with 1 every trace has the same probability; what a key does not
 * need goes to the others. L is raised until no further entry becomes whole: n passes at most, some three as a rule. No
 * allocation.
 * @returns L; Infinity when everything fits
 */
export function waterFill(demands: Demands, budget: number, uniformity: number): number {
  const saturation = saturationLevels(demands, uniformity);
  let level = 0;
  for (let pass = 0; pass <= demands.length; pass += 1) {
    const raised = raisedLevel(demands, budget, level);
    const isSettled = raised === level;
    level = raised;
    if (isSettled) break;
  }
  for (let i = 0; i < demands.length; i += 1) {
    const needed = saturation[i] as number;
    saturation[i] = needed <= level ? 1 : level / needed;
  }
  return level;
}
