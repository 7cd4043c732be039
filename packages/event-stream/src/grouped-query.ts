import { CATEGORIES } from './event-types.ts';
import { checkQuantiles } from './filter.ts';
import {
  CONTEXT,
  categoryOfKind,
  KIND,
  NUMBERS_PER_RECORD,
  severityOfKind,
  typeOfKind,
  WORDS_PER_RECORD,
} from './layout.ts';
import { FieldDistribution, FieldSummary } from './query-kernels.ts';
import type { Group, GroupedQuery, GroupKey } from './query-types.ts';
import type { RecordBlock } from './record-block.ts';
import type { RingView } from './ring-view.ts';

/** The key of one record; undefined when it has none, and then it is in no group. */
type KeyOf = (view: RingView, block: RecordBlock, slot: number) => string | undefined;

const BUILT_IN_KEYS: { readonly [key: string]: KeyOf } = {
  category: (_view, block, slot) => CATEGORIES[categoryOfKind(kindOf(block, slot))],
  name: (view, block, slot) => view.types()[typeOfKind(kindOf(block, slot))]?.definition.name,
  severity: (_view, block, slot) => String(severityOfKind(kindOf(block, slot))),
  threadId: (view) => String(view.ring.descriptor.threadId),
  pid: (view) => String(view.ring.descriptor.pid),
  traceId: (view, block, slot) =>
    view.contexts.resolve(block.numbers[slot * NUMBERS_PER_RECORD + CONTEXT] as number).traceId || undefined,
};

/** Matching records of one ring. */
export interface Matches {
  readonly view: RingView;
  readonly block: RecordBlock;
  /** Slots in the block, oldest first. */
  readonly selected: Int32Array;
}

/** A record without a value for the key is in no group. */
export class RingGroupedQuery implements GroupedQuery {
  readonly #each: (visit: (matches: Matches) => void) => void;
  readonly #keyOf: KeyOf;
  readonly #field: number;

  constructor(each: (visit: (matches: Matches) => void) => void, key: GroupKey, field: number) {
    this.#each = each;
    this.#keyOf = Object.hasOwn(BUILT_IN_KEYS, key) ? (BUILT_IN_KEYS[key] as KeyOf) : labelKey(key);
    this.#field = field;
  }

  groups(): Group[] {
    const summaries = new Map<string, FieldSummary>();
    this.#each(({ view, block, selected }) => {
      for (const slot of selected) {
        const key = this.#keyOf(view, block, slot);
        if (key !== undefined) {
          entryOf(summaries, key, () => new FieldSummary()).add(
            block.numbers[slot * NUMBERS_PER_RECORD + this.#field] as number,
          );
        }
      }
    });
    const groups = [...summaries].map(([key, summary]) => ({ key, ...summary.result() }));
    return groups.sort((a, b) => b.count - a.count);
  }

  topN(n: number, by: 'count' | 'sum' | 'mean' | 'max' = 'count'): Group[] {
    const rank = (group: Group): number => (Number.isNaN(group[by]) ? Number.NEGATIVE_INFINITY : group[by]);
    return this.groups()
      .sort((a, b) => rank(b) - rank(a))
      .slice(0, n);
  }

  percentiles(quantiles: readonly number[]): Map<string, number[]> {
    checkQuantiles(quantiles);
    const distributions = new Map<string, FieldDistribution>();
    this.#each(({ view, block, selected }) => {
      const slotsByKey = new Map<string, number[]>();
      for (const slot of selected) {
        const key = this.#keyOf(view, block, slot);
        if (key !== undefined) entryOf(slotsByKey, key, () => []).push(slot);
      }
      for (const [key, slots] of slotsByKey) {
        entryOf(distributions, key, () => new FieldDistribution(this.#field)).addAll(block, Int32Array.from(slots));
      }
    });
    const results = new Map<string, number[]>();
    for (const [key, distribution] of distributions) {
      results.set(key, distribution.quantiles(quantiles));
    }
    return results;
  }
}

function kindOf(block: RecordBlock, slot: number): number {
  return block.words[slot * WORDS_PER_RECORD + KIND] as number;
}

function labelKey(key: string): KeyOf {
  return (view, block, slot) => {
    const labels = view.types()[typeOfKind(kindOf(block, slot))]?.definition.labels;
    const position = labels?.findIndex((label) => label.key === key) ?? -1;
    return position === 0 || position === 1 ? view.labelOf(block, slot, position) || undefined : undefined;
  };
}

function entryOf<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
