import type { RootDecision } from '../root-decision.ts';

/** Keys that a process names to the others; the rest is told as one. */
export const TOP_KEYS = 64;

/** Arrivals of one key. */
export interface KeyDemand {
  /** As people read it, so that it means the same in every process. */
  readonly name: string;
  /** Traces a second. */
  readonly rate: number;
  /** What the main budget would pay for them all, a second. */
  readonly cost: number;
}

/** What the main budget of one process has to carry, in its unit a second. */
export interface ProcessDemand {
  readonly unit: 'traces' | 'spans';
  /** The configured budget, which is the whole fleet's. */
  readonly budget: number;
  readonly uniformity: number;
  /** The keys that cost most, at most {@link TOP_KEYS}, the most expensive first. */
  readonly keys: readonly KeyDemand[];
  /** All other keys together, and how many they are. */
  readonly overflow: { readonly rate: number; readonly cost: number; readonly keys: number };
  /** Cost of what no plan decides. */
  readonly unplanned: number;
}

interface Slot extends KeyDemand {
  readonly keys: number;
  readonly isShared: boolean;
}

function slotsOf({ engine: { table } }: RootDecision): Slot[] {
  const slots: Slot[] = [];
  for (let slot = 0; slot < table.slots; slot += 1) {
    const rate = table.rate[slot] as number;
    if (table.isUsed[slot] === 0 || table.pool[slot] !== 0 || !(rate > 0)) continue;
    const cost = rate * (table.cost[slot] as number);
    const isShared = table.isShared(slot);
    slots.push({ name: table.names[slot] as string, rate, cost, keys: table.weight[slot] as number, isShared });
  }
  return slots;
}

/** Reads it from the table: some 100 us with 1,000 keys. */
export function demandOf(decision: RootDecision): ProcessDemand {
  const { config, mainPool } = decision;
  const slots = slotsOf(decision);
  const own = slots.filter(({ isShared }) => !isShared).sort((a, b) => b.cost - a.cost);
  const rest = [...own.slice(TOP_KEYS), ...slots.filter(({ isShared }) => isShared)];
  const overflow = { rate: 0, cost: 0, keys: 0 };
  for (const { rate, cost, keys } of rest) {
    overflow.rate += rate;
    overflow.cost += cost;
    overflow.keys += keys;
  }
  return {
    unit: config.unit,
    budget: config.budget,
    uniformity: config.uniformity,
    keys: own.slice(0, TOP_KEYS).map(({ name, rate, cost }) => ({ name, rate, cost })),
    overflow,
    unplanned: mainPool.unplannedRate,
  };
}
