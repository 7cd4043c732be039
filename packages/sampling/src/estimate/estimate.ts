import { adjustedCount } from './adjusted-count.ts';
import { boundsOf, normalQuantile, quantileOf, shareOf } from './intervals.ts';
import { readSpan } from './read-span.ts';
import type { EstimableSpan, Estimated, EstimateOptions, Estimation, GroupEstimate, SampledSpan } from './types.ts';
import { type Increment, type Item, inTraces, sumOf } from './weighted-sample.ts';

const DEFAULT_CONFIDENCE = 0.95;
const DEFAULT_MAX_ADJUSTED_COUNT = 1e6;
const TRACE_ID = /^[\da-f]{32}$/i;
const UNKNOWN: Estimated = { value: 0, low: 0, high: Number.POSITIVE_INFINITY };

interface Group {
  readonly items: Item[];
  unknown: number;
}

interface ResolvedOptions<S extends EstimableSpan> {
  readonly groupBy: (facts: SampledSpan, span: S) => string | undefined;
  readonly z: number;
  readonly seconds: number | undefined;
  readonly maxAdjustedCount: number;
}

function refuse(option: string, rule: string, value: unknown): never {
  throw new RangeError(`estimate: ${option} must be ${rule}, got ${String(value)}`);
}

function resolveOptions<S extends EstimableSpan>(options: EstimateOptions<S>): ResolvedOptions<S> {
  const {
    groupBy = ({ isLocalRoot, key }) => (isLocalRoot ? key : undefined),
    confidence = DEFAULT_CONFIDENCE,
    seconds,
    maxAdjustedCount = DEFAULT_MAX_ADJUSTED_COUNT,
  } = options;
  if (typeof groupBy !== 'function') refuse('groupBy', 'a function', groupBy);
  if (!(confidence >= 0.5 && confidence <= 0.9999)) refuse('confidence', 'from 0.5 to 0.9999', confidence);
  if (seconds !== undefined && !(seconds > 0)) refuse('seconds', 'above 0', seconds);
  if (!(maxAdjustedCount >= 1)) refuse('maxAdjustedCount', '1 or more', maxAdjustedCount);
  return { groupBy, z: normalQuantile(confidence), seconds, maxAdjustedCount };
}

/** Sorts spans into groups. */
class Sorting<S extends EstimableSpan> {
  readonly groups = new Map<string, Group>();
  duplicates = 0;
  unsampled = 0;
  unreadable = 0;
  readonly #options: ResolvedOptions<S>;
  readonly #seen = new Set<string>();
  #startMs = Number.POSITIVE_INFINITY;
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedOptions<S>) {
    this.#options = options;
  }

  /** From the first start to the last end. */
  get seconds(): number {
    return Math.max(0, this.#endMs - this.#startMs) / 1000;
  }

  add(span: S): void {
    const facts = this.#read(span);
    if (facts === undefined || this.#isDuplicate(facts)) return;
    const { startMs, durationMs } = facts;
    if (startMs < this.#startMs) this.#startMs = startMs;
    if (startMs + durationMs > this.#endMs) this.#endMs = startMs + durationMs;
    const name = this.#options.groupBy(facts, span);
    if (name !== undefined) this.#put(name, facts);
  }

  #put(name: string, { ot, traceId, durationMs, isError }: SampledSpan): void {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = { items: [], unknown: 0 };
      this.groups.set(name, group);
    }
    const weight = adjustedCount(ot, traceId);
    if (weight === undefined || weight > this.#options.maxAdjustedCount) group.unknown += 1;
    else group.items.push({ traceId, weight, durationMs, isError });
  }

  #read(span: S): SampledSpan | undefined {
    try {
      const facts = readSpan(span);
      if (facts === undefined) this.unsampled += 1;
      else if (TRACE_ID.test(facts.traceId)) return facts;
      else this.unreadable += 1;
    } catch {
      this.unreadable += 1;
    }
    return undefined;
  }

  #isDuplicate({ traceId, spanId }: SampledSpan): boolean {
    if (spanId === undefined) return false;
    const id = `${traceId}/${spanId}`;
    if (!this.#seen.has(id)) {
      this.#seen.add(id);
      return false;
    }
    this.duplicates += 1;
    return true;
  }
}

function scaled({ value, low, high }: Estimated, divisor: number): Estimated {
  return { value: value / divisor, low: low / divisor, high: high / divisor };
}

/** Estimates of the spans of one group, or of all. */
class GroupSample {
  readonly #items: readonly Item[];
  readonly #z: number;
  readonly #heaviest: Increment;
  readonly #durations: readonly number[];
  /** Quantiles are looked for in the same places. */
  readonly #parts = new Map<number, Estimated>();
  readonly count: Estimated;

  constructor(items: readonly Item[], z: number) {
    this.#items = inTraces(items);
    this.#z = z;
    const all = sumOf(this.#items, () => true);
    this.#heaviest = all.largest;
    this.count = items.length === 0 ? UNKNOWN : { value: all.value, ...boundsOf(all, all.largest, z) };
    const durations = items.map(({ durationMs }) => durationMs).filter(Number.isFinite);
    this.#durations = [...new Set(durations)].sort((a, b) => a - b);
  }

  /** How many spans there were of those for which `includes` is true. */
  countOf(includes: (item: Item) => boolean): Estimated {
    const sum = sumOf(this.#items, includes);
    return { value: sum.value, ...boundsOf(sum, this.#heaviest, this.#z) };
  }

  quantile(q: number): Estimated {
    const isWhole = this.#heaviest.excess === 0;
    return quantileOf(this.#durations, (index) => this.#partUpTo(index), { q, isWhole });
  }

  /** The part of all spans that took at most `#durations[index]`. */
  #partUpTo(index: number): Estimated {
    const known = this.#parts.get(index);
    if (known !== undefined) return known;
    const limit = this.#durations[index] as number;
    const part = shareOf(
      this.countOf(({ durationMs }) => durationMs <= limit),
      this.countOf(({ durationMs }) => durationMs > limit),
    );
    this.#parts.set(index, part);
    return part;
  }
}

function describe(name: string, { items, unknown }: Group, z: number, seconds: number): GroupEstimate {
  const sample = new GroupSample(items, z);
  const isEmpty = items.length === 0;
  const errors = isEmpty ? UNKNOWN : sample.countOf(({ isError }) => isError);
  return {
    group: name,
    kept: items.length,
    unknown,
    count: sample.count,
    perSecond: scaled(sample.count, seconds > 0 ? seconds : Number.NaN),
    errors,
    errorRatio: shareOf(errors, isEmpty ? UNKNOWN : sample.countOf(({ isError }) => !isError)),
    p50Ms: sample.quantile(0.5),
    p95Ms: sample.quantile(0.95),
    p99Ms: sample.quantile(0.99),
  };
}

/**
 * What really happened, from the spans that were kept: how many there were, how many failed and how long they took, each
 * with a confidence interval, from the threshold that each span carries. The intervals speak of the spans that began, not of
 * what might have happened: where everything was kept, they have no width. Spans of unknown probability are counted apart.
 * Some 7 us a span.
 *
 * @throws RangeError for a bad option
 */
export function estimate<S extends EstimableSpan>(spans: Iterable<S>, options: EstimateOptions<S> = {}): Estimation {
  const resolved = resolveOptions(options);
  const sorting = new Sorting<S>(resolved);
  for (const span of spans) sorting.add(span);
  const { duplicates, unsampled, unreadable } = sorting;
  const seconds = resolved.seconds ?? sorting.seconds;
  const all: Group = { items: [], unknown: 0 };
  const groups: GroupEstimate[] = [];
  for (const [name, group] of sorting.groups) {
    groups.push(describe(name, group, resolved.z, seconds));
    all.unknown += group.unknown;
    for (const item of group.items) all.items.push(item);
  }
  groups.sort((a, b) => b.count.value - a.count.value);
  return {
    groups,
    total: describe('(all)', all, resolved.z, seconds),
    seconds,
    duplicates,
    unsampled,
    unreadable,
  };
}
