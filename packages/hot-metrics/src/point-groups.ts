import type { MergedInstrument, MergedSeries } from './merged-instrument.ts';
import type { HotAttributes } from './types.ts';

/** One data point of a reader: the series that are alike after its attribute filter. */
export interface PointGroup {
  readonly attributes: HotAttributes;
  readonly members: MergedSeries[];
  /** Epoch ms of the earliest recording of a member when the group was first reported, 0 until then. */
  startMs: number;
}

/** Tells whether an attribute of a metric is kept. */
export type AttributeFilter = (attribute: string, metric: string) => boolean;

/** The data points of one instrument for one reader; follows the instrument as series come (and gauges go). */
export class PointGroups {
  readonly instrument: MergedInstrument;
  readonly #filter: AttributeFilter | undefined;
  #groups: PointGroup[] = [];
  #byKey = new Map<string, PointGroup>();
  #known = 0;
  #removals = 0;

  constructor(instrument: MergedInstrument, filter: AttributeFilter | undefined) {
    this.instrument = instrument;
    this.#filter = filter;
  }

  current(): readonly PointGroup[] {
    const { series, removals } = this.instrument;
    if (removals !== this.#removals) {
      this.#groups = [];
      this.#byKey = new Map();
      this.#known = 0;
      this.#removals = removals;
    }
    for (; this.#known < series.length; this.#known++) this.#add(series[this.#known] as MergedSeries);
    return this.#groups;
  }

  #add(series: MergedSeries): void {
    if (this.#filter === undefined) {
      this.#groups.push({ attributes: series.attributes, members: [series], startMs: 0 });
      return;
    }
    const { attributes, key } = this.#filtered(series, this.#filter);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.members.push(series);
      return;
    }
    const group = { attributes, members: [series], startMs: 0 };
    this.#byKey.set(key, group);
    this.#groups.push(group);
  }

  #filtered({ attributes, key }: MergedSeries, filter: AttributeFilter): { attributes: HotAttributes; key: string } {
    const { name } = this.instrument.definition;
    const entries = JSON.parse(key) as [string, unknown][];
    const kept = entries.filter(([attribute]) => isKept(filter, attribute, name));
    const names = new Set(kept.map(([attribute]) => attribute));
    return {
      key: JSON.stringify(kept),
      attributes: Object.fromEntries(Object.entries(attributes).filter(([attribute]) => names.has(attribute))),
    };
  }
}

/** A filter that throws keeps the attribute: losing data would be the greater harm. */
function isKept(filter: AttributeFilter, attribute: string, metric: string): boolean {
  try {
    return filter(attribute, metric);
  } catch {
    return true;
  }
}
