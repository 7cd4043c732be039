import { Doorkeeper } from '../doorkeeper.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** What is above this quantile of what came before is slow. */
const SLOW_QUANTILE = 0.99;
/** A shape is rare that fewer of the earlier traces of its key had. */
const RARE_SHARE = 0.005;
/** Where more of the traces are of rare shapes, shapes tell nothing. */
const MAX_RARE_SHARE = 0.05;
/** What is remembered is halved when it is this much, so that busy keys forget sooner. */
const MOST = 10_000;
const AGE_MS = 600_000;
/** Shapes of one key that are told apart; those that share a cell hide each other. */
const SHAPE_CELLS = 128;
const DOORKEEPER_MS = 10_000;

/** What was usual for the traces of one key. */
export interface KeyHistory {
  readonly low: number;
  readonly durations: LatencyHistogram;
  readonly shapes: Uint32Array;
  /** Duration above which a trace is slow, by the ticks before this one. */
  slowMs: number;
  rare: number;
  isChanged: boolean;
}

export interface KeyStatisticsConfig {
  readonly slowFloorMs: number;
  readonly minCount: number;
  /** Keys remembered in each of two generations. */
  readonly maxKeys: number;
}

/**
 * What is usual for each key: durations and shapes of traces that have finished. Bounded: once half full, a key gets in
 * that came before, and what was not asked for while `maxKeys` others came in is forgotten. Each key takes some 1 KB.
 */
export class KeyStatistics {
  readonly #config: KeyStatisticsConfig;
  #recent = new Map<number, KeyHistory>();
  #former = new Map<number, KeyHistory>();
  readonly #doorkeeper = new Doorkeeper();
  #agedMs: number;
  #doorMs: number;

  constructor(config: KeyStatisticsConfig, nowMs: number) {
    this.#config = config;
    this.#agedMs = nowMs;
    this.#doorMs = nowMs;
  }

  get size(): number {
    return this.#recent.size + this.#former.size;
  }

  /** The history of a key; undefined for one that is not remembered. */
  find(high: number, low: number): KeyHistory | undefined {
    const recent = this.#recent.get(high);
    if (recent !== undefined) return recent.low === low ? recent : undefined;
    const former = this.#former.get(high);
    if (former?.low === low) return this.#remember(high, former);
    const isCalm = this.#recent.size < this.#config.maxKeys / 2;
    if (!isCalm && !this.#doorkeeper.admits(low)) return undefined;
    return this.#remember(high, {
      low,
      durations: new LatencyHistogram(this.#config.slowFloorMs),
      shapes: new Uint32Array(SHAPE_CELLS),
      slowMs: Number.POSITIVE_INFINITY,
      rare: 0,
      isChanged: false,
    });
  }

  #remember(high: number, history: KeyHistory): KeyHistory {
    if (this.#recent.size >= this.#config.maxKeys) {
      this.#former = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(high, history);
    return history;
  }

  /** Counts a duration. Whether it is above what was usual in the ticks before this one. */
  isSlow(history: KeyHistory, durationMs: number): boolean {
    history.durations.add(durationMs);
    history.isChanged = true;
    return durationMs > history.slowMs;
  }

  /** Counts a shape. Whether few of the earlier traces of the key had it, in a key where that says something. */
  isRare(history: KeyHistory, shape: number): boolean {
    const cell = (shape ^ (shape >>> 7)) & (SHAPE_CELLS - 1);
    const seen = history.shapes[cell] as number;
    history.shapes[cell] = seen + 1;
    const { count } = history.durations;
    if (count < this.#config.minCount || seen >= RARE_SHARE * count) return false;
    history.rare += 1;
    return history.rare <= MAX_RARE_SHARE * count;
  }

  /** Once a second or so: what was counted is from now on what was usual. */
  tick(nowMs: number): void {
    const isOld = nowMs - this.#agedMs >= AGE_MS;
    if (isOld) this.#agedMs = nowMs;
    for (const history of this.#recent.values()) this.#settle(history, isOld);
    for (const history of this.#former.values()) this.#settle(history, isOld);
    if (nowMs - this.#doorMs < DOORKEEPER_MS) return;
    this.#doorMs = nowMs;
    this.#doorkeeper.age();
  }

  #settle(history: KeyHistory, isOld: boolean): void {
    if (!history.isChanged && !isOld) return;
    history.isChanged = false;
    const { durations, shapes } = history;
    if (isOld || durations.count >= MOST) {
      durations.age();
      for (let i = 0; i < SHAPE_CELLS; i += 1) shapes[i] = (shapes[i] as number) >>> 1;
      history.rare /= 2;
    }
    const isKnown = durations.count >= this.#config.minCount;
    history.slowMs = isKnown ? durations.atMost(SLOW_QUANTILE) : Number.POSITIVE_INFINITY;
  }
}
