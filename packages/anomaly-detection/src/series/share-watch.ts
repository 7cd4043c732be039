import type { Range, Watch } from '../incidents/watch.ts';
import { ShareTest, type ShareTestConfig } from '../shifts/share-test.ts';
import type { Direction } from '../types.ts';

/** Counts of a class of calls so improbable are strong. */
const STRONG_EVIDENCE = 24;
/** Time that the window of a share spans, and the fewest looks. */
const WINDOW_MS = 10_000;
const LEAST_LOOKS = 3;
const MOST_LOOKS = 30;
const LEAST_HIT_LOOKS = 2;

export interface ShareWatchConfig {
  readonly signal: 'error_share' | 'slow_share' | 'flagged_share';
  readonly leastShare: number;
  /** Time for which it must last, as far as looks can tell. */
  readonly lastingMs: number;
  readonly intervalMs: number;
}

/** Looks that make up a window of shares. */
export function windowLooks(intervalMs: number): number {
  return Math.min(Math.max(Math.round(WINDOW_MS / intervalMs), LEAST_LOOKS), MOST_LOOKS);
}

/** Judges which part of the calls failed or was slow. */
export class ShareWatch implements Watch {
  readonly signal: string;
  readonly unit = '1';
  readonly direction: Direction = 'up';
  readonly low = 0;
  readonly test: ShareTest;
  readonly #config: ShareTestConfig;
  readonly #intervalMs: number;
  #aboveSince = Number.NaN;
  score = 0;
  isAlarm = false;
  isOpen = false;
  /** Whether it goes on from what a former process had learned. */
  isRestored = false;

  constructor(classes: number, { signal, leastShare, lastingMs, intervalMs }: ShareWatchConfig) {
    const looks = windowLooks(intervalMs);
    const leastHitLooks = Math.min(looks, Math.max(LEAST_HIT_LOOKS, Math.ceil(lastingMs / intervalMs)));
    this.signal = signal;
    this.#intervalMs = intervalMs;
    this.#config = { looks, leastShare, leastHitLooks };
    this.test = new ShareTest(classes, this.#config);
  }

  get value(): number {
    return this.test.count === 0 ? Number.NaN : this.test.share;
  }

  get expected(): number {
    return this.test.shareBefore;
  }

  get high(): number {
    return Math.min(1, this.test.shareBefore + this.#config.leastShare / 2);
  }

  get strength(): number {
    return this.test.evidence >= STRONG_EVIDENCE && this.test.share >= 4 * this.#config.leastShare ? 2.5 : 1;
  }

  get onsetMs(): number {
    return this.#aboveSince;
  }

  /** Takes in the calls of one look by class; `lowest` is the first class that may count as a hit. */
  update(nowMs: number, calls: Float64Array, lowest: number): void {
    const isRisen = this.test.update(calls, lowest, this.isOpen);
    this.isAlarm = isRisen;
    let total = 0;
    let hits = 0;
    for (let i = 0; i < calls.length; i++) {
      total += calls[i] as number;
      if (i >= this.test.boundary) hits += calls[i] as number;
    }
    const isAbove = total > 0 && hits / total > this.high;
    if (!isAbove && total > 0) this.#aboveSince = Number.NaN;
    else if (isAbove && Number.isNaN(this.#aboveSince)) this.#aboveSince = nowMs - this.#intervalMs;
    if (isRisen && Number.isNaN(this.#aboveSince)) this.#aboveSince = nowMs - this.#config.looks * this.#intervalMs;
    const evidence = this.test.share > this.test.shareBefore ? this.test.evidence : 0;
    this.score = evidence / (evidence + 8);
    if (!isRisen) this.score = Math.min(this.score, 0.49);
  }

  /** By the calls of the window, with what was expected as it began. */
  goesOn({ high }: Range): boolean {
    return this.test.isHigh && this.test.share > high;
  }

  describe(): string {
    const { test } = this;
    const percent = (share: number): string => `${Math.round(1000 * share) / 10} %`;
    const before = `${Math.round(test.countBefore)} calls before`;
    return `${percent(test.shareBefore)} of ${before}, ${percent(test.share)} of the last ${Math.round(test.count)}; told from ${percent(this.#config.leastShare)} more on, when that is no chance`;
  }
}
