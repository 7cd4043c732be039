import type { FallbackReason } from './fallbacks.ts';
import type { RootDecision } from './root-decision.ts';

/** One key, as {@link SamplerDescription} tells it. */
export interface KeyDescription {
  /** `GET /users/:id`; `(other)` for keys that share a slot. */
  readonly key: string;
  /** Traces a second that begin with this key. */
  readonly rate: number;
  /** Probability with which the next one is kept, brake and coverage promise aside. */
  readonly probability: number;
  /** Traces since the key got its slot. */
  readonly seen: number;
  readonly kept: number;
  /** Estimated number of keys in this entry: 1 unless the slot is shared. */
  readonly keys: number;
}

/** What a sampler is doing. */
export interface SamplerDescription {
  readonly unit: 'traces' | 'spans';
  /** In `unit`, a second. */
  readonly budget: number;
  /** What the budget is at present instead, of one that several processes share. */
  readonly lease: number | undefined;
  /** Account of the budget: 0.5 is on budget, 0 used up (below it overdrawn), 1 unused. */
  readonly level: number;
  /** Traces a second that begin here. */
  readonly rate: number;
  /** Cost a second of what no plan decides: sampled parents, `always` rules, the coverage promise. */
  readonly unplannedRate: number;
  readonly seen: number;
  readonly kept: number;
  /** Busiest first. */
  readonly keys: readonly KeyDescription[];
  readonly rules: readonly { readonly name: string; readonly seen: number; readonly kept: number }[];
  readonly followed: { readonly kept: number; readonly dropped: number };
  readonly fallbacks: Readonly<Record<FallbackReason, number>>;
}

/** The entries of the table, busiest first. */
export function describeKeys({ engine }: Pick<RootDecision, 'engine'>): KeyDescription[] {
  const { table } = engine;
  const keys: KeyDescription[] = [];
  for (let slot = 0; slot < table.slots; slot += 1) {
    const seen = table.seen[slot] as number;
    if (table.isUsed[slot] === 0 || seen === 0) continue;
    keys.push({
      key: table.names[slot] as string,
      rate: table.rate[slot] as number,
      probability: table.probability[slot] as number,
      seen,
      kept: table.kept[slot] as number,
      keys: table.weight[slot] as number,
    });
  }
  return keys.sort((a, b) => b.rate - a.rate);
}

function sum(column: Float64Array, used: Uint8Array): number {
  return column.reduce((total, value, slot) => (used[slot] === 1 ? total + value : total), 0);
}

/** Seen and kept of everything that a slot decided, those given away included. */
export function totals({ engine }: RootDecision): { seen: number; kept: number } {
  const { table } = engine;
  return {
    seen: table.departedSeen + sum(table.seen, table.isUsed),
    kept: table.departedKept + sum(table.kept, table.isUsed),
  };
}

/** Everything but what was followed and what went wrong. */
export function describeDecision(decision: RootDecision): Omit<SamplerDescription, 'followed' | 'fallbacks'> {
  const { config, engine, mainPool, rules } = decision;
  return {
    unit: config.unit,
    budget: config.budget,
    lease: decision.leased,
    level: mainPool.level,
    rate: engine.rate,
    unplannedRate: mainPool.unplannedRate,
    ...totals(decision),
    keys: describeKeys(decision),
    rules: rules.map(({ name, seen, kept }) => ({ name, seen, kept })),
  };
}
