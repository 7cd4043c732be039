import type { KnownMetric } from '../known-metrics.ts';
import { knownMetric } from '../known-metrics.ts';
import { identityOf } from './identity.ts';
import { Member } from './member.ts';
import { kindOf, type MetricRecord } from './metric-data.ts';
import { hasFailed, keyOf, withoutOutcome } from './outcome.ts';
import { Series } from './series.ts';
import type { SeriesTable } from './series-table.ts';
import type { Turns } from './turns.ts';

export interface PlanConfig {
  readonly table: SeriesTable;
  readonly intervalMs: number;
  readonly warmUpMs: number;
  readonly turns: Turns;
  readonly saved: (text: string) => Readonly<Record<string, unknown>> | undefined;
}

type Attributes = Readonly<Record<string, unknown>>;

/** How one metric is read: what is known of it, and its attribute sets. */
export class MetricPlan {
  readonly known: KnownMetric;
  readonly #config: PlanConfig;
  readonly #scope: string;
  readonly #name: string;
  readonly #unit: string;
  readonly #kind: 'counter' | 'gauge' | 'histogram';
  /** The SDK hands out the same object for the same attributes, as long as it holds them. */
  #byObject = new WeakMap<object, Member>();
  readonly #byKey = new Map<string, Member>();
  #hasEvicted = false;

  constructor(scope: string, metric: MetricRecord, config: PlanConfig) {
    const { name, unit } = metric.descriptor;
    this.#config = config;
    this.#scope = scope;
    this.#name = name;
    this.#unit = unit;
    this.#kind = kindOf(metric);
    this.known = knownMetric({ name, unit, kind: this.#kind });
  }

  /** Takes in the points of one look. `isFirst`: nobody looked before, so that totals say nothing of what came since. */
  take(metric: MetricRecord, look: number, isFirst: boolean): void {
    for (const point of metric.dataPoints) {
      const member = this.#byObject.get(point.attributes) ?? this.#find(point.attributes, look, isFirst);
      member?.take(point.value, metric.aggregationTemporality, this.#kind);
    }
  }

  /** Forgets the attribute sets of a series. */
  forget(series: Series): void {
    this.#hasEvicted = true;
    this.#byObject = new WeakMap();
    for (const [key, { window }] of this.#byKey) if (window === series.window) this.#byKey.delete(key);
  }

  #find(attributes: Attributes, look: number, isFirst: boolean): Member | undefined {
    const key = keyOf(attributes);
    let member = this.#byKey.get(key);
    if (member === undefined) {
      const series = this.#seriesOf(attributes, look);
      if (series === undefined) return undefined;
      // One that is not kept would be new at each look, and tell its whole total each time.
      const isKept = series.members < MOST_MEMBERS;
      member = new Member(series.window, hasFailed(attributes), isKept && !(isFirst || this.#hasEvicted));
      if (isKept) this.#byKey.set(key, member);
      series.members++;
    }
    this.#byObject.set(attributes, member);
    return member;
  }

  #seriesOf(attributes: Attributes, look: number): Series | undefined {
    const { table, intervalMs, warmUpMs, turns, saved } = this.#config;
    // A level that is split by a state (`status`, `result`) is another one for each.
    const own = this.#kind === 'gauge' ? attributes : withoutOutcome(attributes);
    const key = `${this.#scope}\0${this.#name}\0${keyOf(own)}`;
    const existing = table.get(key);
    if (existing !== undefined) return existing;
    if (!table.makePlace(look)) return undefined;
    const identity = identityOf('metric', this.#name, own);
    const series = new Series({
      identity,
      unit: this.#unit,
      kind: this.#kind,
      known: this.known,
      intervalMs,
      warmUpMs,
      turns,
      saved: saved(identity.text),
    });
    series.plan = this;
    series.seenAt = look;
    series.placedAt = look;
    table.add(key, series);
    return series;
  }
}

/** Outcomes of one series that are told apart; totals of further ones are not followed from look to look. */
const MOST_MEMBERS = 64;
