import type { BudgetPool } from './budget-pool.ts';
import type { KeyTable } from './key-table.ts';
import { type Demands, waterFill } from './water-fill.ts';

/** Arrays that one plan after the other uses. */
export interface PlanScratch {
  readonly slots: Int32Array;
  readonly demands: Demands;
}

/** Shares the budget of one pool among its slots and writes their probabilities. */
export function planPool(
  { table, pools }: { readonly table: KeyTable; readonly pools: readonly BudgetPool[] },
  { slots, demands }: PlanScratch,
  { index, uniformity }: { readonly index: number; readonly uniformity: number },
): void {
  const pool = pools[index] as BudgetPool;
  let length = 0;
  let total = 0;
  let rates = 0;
  for (let slot = 0; slot < table.slots; slot += 1) {
    if (table.isUsed[slot] === 0 || table.pool[slot] !== index) continue;
    const rate = table.rate[slot] as number;
    slots[length] = slot;
    demands.rate[length] = rate;
    demands.cost[length] = table.cost[slot] as number;
    demands.weight[length] = table.weight[slot] as number;
    total += rate * (table.cost[slot] as number);
    rates += rate;
    length += 1;
  }
  demands.length = length;
  const budget = pool.plannable;
  waterFill(demands, budget, uniformity);
  for (let i = 0; i < length; i += 1) table.probability[slots[i] as number] = demands.probability[i] as number;
  pool.newProbability = total > budget ? budget / total : 1;
  if (rates > 0) pool.resize(Math.max(1, total / rates));
}
