import { ZScoreDetector } from '@sonde/statistics';
import type { Range, Watch } from '../incidents/watch.ts';
import type { Direction } from '../types.ts';

/** Looks before the first judgement, and how long the rate is remembered. */
const WARM_UP = 30;
const MEMORY_LOOKS = 300;
/** Looks in a row, and the time, for which it must be above the threshold. */
const SUSTAINED_LOOKS = 4;
const SUSTAINED_MS = 10_000;
/** A rise that matters: so many times the usual rate, and so many events in those looks; below WARN more of each. */
const WARNING = { times: 6, events: 40 };
const OTHER = { times: 10, events: 200 };
const WARN = 13;
/** Times that a rise that matters has to be exceeded by, to be strong. */
const STRONG = 4;

export interface RateWatchConfig {
  readonly threshold: number;
  readonly severity: number;
  /** Looks that went by before the type was known, at each of which it did not occur. */
  readonly quietLooks: number;
}

/** Judges the rate of one type of event by a z-score: only a rise that lasts and matters is an anomaly. */
export class RateWatch implements Watch {
  readonly signal = 'rate';
  readonly unit = '{event}/s';
  readonly direction: Direction = 'up';
  readonly low = 0;
  readonly #detector: ZScoreDetector;
  readonly #rule: { readonly times: number; readonly events: number };
  #looks: number;
  #inRow = 0;
  #events = 0;
  #isAbove = false;
  #onsetMs = 0;
  #lastedMs = 0;
  value: number = Number.NaN;
  expected = 0;
  high = 0;
  isAlarm = false;
  isOpen = false;

  constructor({ threshold, severity, quietLooks }: RateWatchConfig) {
    // Looks count as seconds: so the memory is in looks.
    this.#detector = new ZScoreDetector({ threshold, memoryMs: 1000 * MEMORY_LOOKS, warmUp: WARM_UP });
    this.#rule = severity >= WARN ? WARNING : OTHER;
    this.#looks = 0;
    for (let quiet = Math.min(quietLooks, MEMORY_LOOKS); quiet > 0; quiet--) this.#detector.update(this.#clock(), 0);
  }

  get score(): number {
    const score = this.#isAbove ? this.#detector.score : 0;
    return this.isAlarm ? Math.max(0.5, score) : Math.min(score, 0.49);
  }

  get strength(): number {
    return this.value > STRONG * this.#rule.times * Math.max(this.expected, 1) ? 2.5 : 1;
  }

  get onsetMs(): number {
    return this.#onsetMs;
  }

  /** Takes in how many came since the last look. */
  update(nowMs: number, count: number, elapsedMs: number): void {
    const detector = this.#detector;
    const seconds = elapsedMs / 1000;
    this.value = count / seconds;
    if (this.#inRow === 0 && !this.isOpen) {
      this.expected = Number.isNaN(detector.mean) ? 0 : detector.mean;
      this.high = Math.max(detector.expectedUpper, 0);
    }
    const isHigh = this.isOpen ? this.value > this.high : detector.update(this.#clock(), this.value);
    this.#isAbove = isHigh && this.value > this.expected;
    this.#follow(nowMs, elapsedMs, count);
    const { times, events } = this.#rule;
    const meanNow = this.#events / (this.#inRow * seconds);
    const isSustained = this.#inRow >= SUSTAINED_LOOKS && this.#lastedMs >= SUSTAINED_MS;
    this.isAlarm = isSustained && this.#events >= events && meanNow >= times * this.expected;
  }

  goesOn({ high, expected }: Range): boolean {
    return this.value > high && this.value >= (this.#rule.times / 2) * expected;
  }

  describe(): string {
    return `usually ${this.expected.toPrecision(3)} a second, at most ${this.high.toPrecision(3)}; told when it is ${this.#rule.times} times as often for ${SUSTAINED_MS / 1000} s`;
  }

  #follow(nowMs: number, elapsedMs: number, count: number): void {
    if (!this.#isAbove) {
      this.#inRow = 0;
      this.#events = 0;
      return;
    }
    if (this.#inRow === 0) this.#onsetMs = nowMs - elapsedMs;
    this.#lastedMs = nowMs - this.#onsetMs;
    this.#inRow++;
    this.#events += count;
  }

  #clock(): number {
    this.#looks++;
    return 1000 * this.#looks;
  }
}
