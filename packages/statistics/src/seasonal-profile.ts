const HOUR_MS = 3_600_000;

/**
 * What is usual at this hour of a day (24 hours) or a week (168): a value for the middle of each hour and a straight
 * line between them, so that there are no steps at full hours. Hours are of UTC; which ones they are does not matter.
 */
export class SeasonalProfile {
  /** A value for each hour, then the hours spent near each, so that the first visits count more. */
  readonly #bins: Float32Array;
  readonly #from: number;
  readonly #hours: number;
  #left = 0;
  #right = 0;
  #share = 0;

  /** Two bins an hour, from `from` on, which belong to the detector. */
  constructor(bins: Float32Array, from: number, hours: number) {
    this.#bins = bins;
    this.#from = from;
    this.#hours = hours;
  }

  /** Looks a time up; what is `usual` and where `correct` corrects is that. */
  seek(timeMs: number, intervalMs: number): void {
    const hour = timeMs / HOUR_MS;
    // Points that are an hour apart, or nearly, are that hour's: a line between hours would blur them.
    const isCoarse = intervalMs > HOUR_MS / 2;
    const middle = isCoarse ? Math.floor(hour) : hour - 0.5;
    const whole = Math.floor(middle);
    this.#share = isCoarse ? 0 : middle - whole;
    this.#left = whole % this.#hours;
    if (this.#left < 0) this.#left += this.#hours;
    this.#right = this.#left + 1 === this.#hours ? 0 : this.#left + 1;
  }

  get usual(): number {
    const left = this.#bins[this.#from + this.#left] as number;
    return left + this.#share * ((this.#bins[this.#from + this.#right] as number) - left);
  }

  /** Moves towards what was seen instead, `error` above what is usual; `hours` since the last point, 1 at most. */
  correct(error: number, hours: number, rate: number): void {
    const left = 1 - this.#share;
    this.#visit(this.#left, left * hours);
    this.#move(this.#left, left * error, hours, rate);
    if (this.#share > 0) {
      this.#visit(this.#right, this.#share * hours);
      this.#move(this.#right, this.#share * error, hours, rate);
    }
  }

  #visit(hour: number, hours: number): void {
    const bin = this.#from + this.#hours + hour;
    this.#bins[bin] = (this.#bins[bin] as number) + hours;
  }

  #move(hour: number, error: number, hours: number, rate: number): void {
    const bin = this.#from + hour;
    const young = Math.min(0.5, hours / ((this.#bins[bin + this.#hours] as number) + hours));
    this.#bins[bin] = (this.#bins[bin] as number) + Math.max(rate, young) * error;
  }
}
