import { guard } from '@sonde/instrumentation-kit';
import { Subject } from '../incidents/subject.ts';
import type { Identity } from '../incidents/watch.ts';
import type { KnownMetric } from '../known-metrics.ts';
import { LESS_TRAFFIC, type Relevance, relevanceOf } from '../relevance.ts';
import { quantileOf } from './buckets.ts';
import { GrowthWatch } from './growth-watch.ts';
import { ShareWatch, type ShareWatchConfig } from './share-watch.ts';
import { StreamingWatch, type StreamingWatchState } from './streaming-watch.ts';
import type { Turns } from './turns.ts';
import { Window } from './window.ts';

/** Calls in a look from which on its percentiles say something. */
const LEAST_CALLS = 10;
/** Smallest rise of the share of failed calls that matters, and of slow ones. */
const LEAST_FAILED = 0.05;
const LEAST_SLOW = 0.1;
/** How long such a share has to last: what is slow may be one moment that hit many calls. */
const FAILED_FOR_MS = 2_000;
const SLOW_FOR_MS = 4_000;
/** Looks without news after which a series counts as gone: nothing of it is expected any more. */
const GONE_AFTER = 3;

/** The end of a look at everything. */
export interface LookEnd {
  readonly look: number;
  readonly nowMs: number;
  /** Since the last one. */
  readonly elapsedMs: number;
  /** Whether the machine had no time for this process: what was slow then says nothing. */
  readonly isStarved: boolean;
}

export interface SeriesConfig {
  readonly identity: Identity;
  readonly unit: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly known: KnownMetric;
  readonly intervalMs: number;
  readonly warmUpMs: number;
  readonly turns: Turns;
  /** What a former process had learned of it, by signal. */
  readonly saved?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * One series: its metric, with the attributes that do not tell an outcome. Has a watch for each thing that can be
 * unusual about it, made when there is something to see.
 */
export class Series {
  readonly identity: Identity;
  readonly window: Window = new Window();
  readonly subjects: Subject[] = [];
  readonly #config: SeriesConfig;
  readonly #watches = new Map<string, StreamingWatch>();
  #failed: ShareWatch | undefined;
  #slow: ShareWatch | undefined;
  #growth: GrowthWatch | undefined;
  readonly #outcomes = new Float64Array(2);
  #silent = 0;
  /** The look at which it was told last, and which its place in the table tells. */
  seenAt = 0;
  placedAt = 0;
  /** Attribute sets that are told as this series. */
  members = 0;
  /** Who reads its metric. */
  plan: { forget(series: Series): void } | undefined;
  /** Looks at which it was told. */
  looks = 0;

  constructor(config: SeriesConfig) {
    this.identity = config.identity;
    this.#config = config;
  }

  get unit(): string {
    return this.#config.unit;
  }

  get isHistogram(): boolean {
    return this.#config.kind === 'histogram';
  }

  /** The counts of all calls by class, as learned so far; undefined before the first. */
  get slow(): ShareWatch | undefined {
    return this.#slow;
  }

  get failed(): ShareWatch | undefined {
    return this.#failed;
  }

  /** The end of a look: judges what came. Returns false when there was nothing to judge. */
  finish(at: LookEnd): boolean {
    const { window } = this;
    const { kind } = this.#config;
    if (window.isTold) {
      this.#silent = 0;
      this.seenAt = at.look;
      this.looks++;
    } else this.#silent++;
    if (kind === 'gauge') this.#level(at.nowMs, window.level);
    else if (window.isTold || window.isDelta) this.#calls(at);
    else this.#skip();
    window.clear();
    return this.#silent < GONE_AFTER;
  }

  #level(nowMs: number, level: number): void {
    const { known, unit, intervalMs } = this.#config;
    if (Number.isNaN(level)) {
      this.#skip();
      return;
    }
    this.#watch('value', unit, relevanceOf(known)).update(nowMs, level);
    if (known.role !== 'memory') return;
    if (this.#growth === undefined) {
      this.#growth = new GrowthWatch({
        unit,
        least: relevanceOf(known).least,
        intervalMs,
        isJumpy: known.isJumpy === true,
      });
      this.subjects.push(new Subject(this.identity, this.#growth));
    }
    this.#growth.update(nowMs, level);
  }

  #calls({ nowMs, elapsedMs, isStarved }: LookEnd): void {
    if (!(elapsedMs > 0)) return;
    const { kind, known, unit } = this.#config;
    const rate = (this.window.count * 1000) / elapsedMs;
    const perSecond = unit === 's' ? '1' : `${unit === '' || unit === '1' ? '' : unit}/s`;
    if (kind === 'counter') this.#watch('rate', perSecond, relevanceOf(known)).update(nowMs, rate);
    else {
      if (known.isTraffic === true) this.#watch('rate', '/s', LESS_TRAFFIC).update(nowMs, rate);
      this.#distribution(nowMs, isStarved);
    }
    this.#failures(nowMs);
  }

  #distribution(nowMs: number, isStarved: boolean): void {
    const { window } = this;
    const { known, unit } = this.#config;
    const relevance = relevanceOf(known);
    const { counts, boundaries } = window;
    if (counts === undefined || boundaries === undefined) return;
    if (boundaries.length === 0) {
      const mean = window.count >= LEAST_CALLS ? window.sum / window.count : Number.NaN;
      this.#watch('mean', unit, relevance).update(nowMs, mean);
      return;
    }
    const isEnough = window.count >= LEAST_CALLS;
    this.#watch('p50', unit, relevance).update(nowMs, isEnough ? quantileOf(counts, boundaries, 0.5) : Number.NaN);
    const wider = { ...relevance, least: 2 * relevance.least };
    this.#watch('p99', unit, wider).update(nowMs, isEnough ? quantileOf(counts, boundaries, 0.99) : Number.NaN);
    if (known.role === 'latency') {
      if (isStarved) counts.fill(0);
      this.#slowness(nowMs, counts, boundaries);
    }
  }

  #slowness(nowMs: number, counts: Float64Array, boundaries: readonly number[]): void {
    const { known, intervalMs } = this.#config;
    this.#slow ??= this.#share(counts.length, {
      signal: 'slow_share',
      leastShare: LEAST_SLOW,
      lastingMs: SLOW_FOR_MS,
      intervalMs,
    });
    const from = known.slowFrom ?? 0.1;
    const lowest = boundaries.findIndex((boundary) => boundary >= from);
    // Class i + 1 begins at boundary i.
    this.#slow.update(nowMs, counts, lowest === -1 ? counts.length - 1 : lowest + 1);
  }

  #failures(nowMs: number): void {
    const { known, intervalMs } = this.#config;
    const { count, failed } = this.window;
    // Most series have no outcome at all, and what only counts errors has no share of them.
    if (this.#failed === undefined && (failed === 0 || known.role === 'errors')) {
      this.#outcomes[0] = (this.#outcomes[0] as number) + count;
      return;
    }
    if (this.#failed === undefined) {
      this.#failed = this.#share(2, {
        signal: 'error_share',
        leastShare: LEAST_FAILED,
        lastingMs: FAILED_FOR_MS,
        intervalMs,
      });
      if (!this.#failed.isRestored) this.#failed.test.assume(this.#outcomes[0] as number, this.looks);
    }
    this.#outcomes[0] = count - failed;
    this.#outcomes[1] = failed;
    this.#failed.update(nowMs, this.#outcomes, 1);
  }

  #share(classes: number, config: ShareWatchConfig): ShareWatch {
    const watch = new ShareWatch(classes, config);
    watch.isRestored = watch.test.restore(this.#config.saved?.[config.signal]);
    this.subjects.push(new Subject(this.identity, watch));
    return watch;
  }

  #watch(signal: string, unit: string, relevance: Relevance): StreamingWatch {
    let watch = this.#watches.get(signal);
    if (watch === undefined) {
      const { warmUpMs, turns } = this.#config;
      watch = new StreamingWatch({ signal, unit, relevance, warmUpMs, turns });
      this.#restore(watch, this.#config.saved?.[signal]);
      this.#watches.set(signal, watch);
      this.subjects.push(new Subject(this.identity, watch));
    }
    return watch;
  }

  #restore(watch: StreamingWatch, saved: unknown): void {
    if (saved === undefined) return;
    guard('anomaly-detection.restore', () => watch.restore(saved as StreamingWatchState), undefined);
  }

  /** Nothing was told: what goes on ends, and nothing begins. */
  #skip(): void {
    this.#outcomes.fill(0);
    for (const watch of this.#watches.values()) watch.skip();
    this.#growth?.update(Number.NaN, Number.NaN);
  }

  /** What it has learned, as plain JSON. */
  toState(): { readonly [signal: string]: unknown } {
    const state: Record<string, unknown> = {};
    for (const [signal, watch] of this.#watches) if (watch.isKnown) state[signal] = watch.toState();
    if (this.#failed !== undefined) state.error_share = this.#failed.test.toState();
    if (this.#slow !== undefined) state.slow_share = this.#slow.test.toState();
    return state;
  }
}
