import { countDropped, warnOnce } from '@sonde/instrumentation-kit';
import type { Subject } from '../incidents/subject.ts';
import type { Series } from './series.ts';

/** Looks for which a series keeps its place although newcomers want it. */
const PROTECTED_LOOKS = 3;

/** Is told when a series loses its place. */
export type OnEvicted = (series: Series) => void;

/**
 * The series that are watched, bounded. A newcomer takes the place of the one that was seen longest ago; but of none that
 * was seen within the last looks, so that a flood of short-lived series cannot push out those that are there. Both are
 * counted, and said once.
 */
export class SeriesTable {
  readonly #limit: number;
  readonly #onEvicted: OnEvicted;
  /** In the order in which they were seen last, as far as `touch` has been told. */
  readonly #series = new Map<string, Series>();
  /** The look at which the last newcomer found no place: the next ones of that look need not seek. */
  #fullAt = -1;
  evicted = 0;
  dropped = 0;

  constructor(limit: number, onEvicted: OnEvicted) {
    this.#limit = limit;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#series.size;
  }

  values(): Iterable<Series> {
    return this.#series.values();
  }

  get(key: string): Series | undefined {
    return this.#series.get(key);
  }

  /** All that can be unusual. */
  *subjects(): Generator<Subject> {
    for (const series of this.#series.values()) yield* series.subjects;
  }

  /** Whether there is a place for one more, made by eviction if need be. */
  makePlace(look: number): boolean {
    if (this.#series.size < this.#limit) return true;
    const oldest = this.#fullAt === look ? undefined : this.#findOldest();
    if (oldest === undefined || look - oldest[1].seenAt < PROTECTED_LOOKS) {
      this.#fullAt = look;
      this.dropped++;
      countDropped('anomaly-detection.series');
      warnOnce('anomaly-detection.dropped', `${FULL} (${this.#limit}): further ones are not watched, but counted`);
      return false;
    }
    this.#series.delete(oldest[0]);
    this.evicted++;
    warnOnce(
      'anomaly-detection.evicted',
      `${FULL} (${this.#limit}): those seen longest ago are forgotten, and counted`,
    );
    this.#onEvicted(oldest[1]);
    return true;
  }

  add(key: string, series: Series): void {
    this.#series.set(key, series);
  }

  /** The first of the map, after those that were seen since have been moved behind it. */
  #findOldest(): [string, Series] | undefined {
    // Each step moves one that was seen later than the order says; a bound keeps a flood from costing more than a look.
    for (let step = 0; step < MOST_STEPS; step++) {
      const first = this.#series.entries().next().value;
      if (first === undefined) return undefined;
      const [key, series] = first;
      if (series.seenAt <= series.placedAt) return first;
      series.placedAt = series.seenAt;
      this.#series.delete(key);
      this.#series.set(key, series);
    }
    return this.#series.entries().next().value;
  }
}

const MOST_STEPS = 100;
const FULL = 'Anomaly detection: all places for series are taken';
