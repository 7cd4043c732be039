const HOUR_MS = 3_600_000;
/** Half of what an hour was found to be comes from about the last two visits: each visit corrects by up to 28 %. */
const MEMORY_MS = 3 * HOUR_MS;

/**
 * What is usual at this hour of a day (24 hours) or a week (168): a value for the middle of each hour and a straight
 * line between them, so that there are no steps at full hours. Hours are of UTC; which ones they are does not matter.
 */
export class SeasonalProfile {
  readonly #values: Float32Array;
  /** Hours spent near each middle, so that the first visits count more. */
  readonly #visited: Float32Array;
  readonly #hours: number;
  #left = 0;
  #right = 0;
  #share = 0;
  #elapsedMs = 0;
  #elapsedHours = 0;
  #rate = 0;

  /** Both arrays have one cell an hour and belong to the detector. */
  constructor(values: Float32Array, visited: Float32Array) {
    this.#values = values;
    this.#visited = visited;
    this.#hours = values.length;
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
    const left = this.#values[this.#left] as number;
    return left + this.#share * ((this.#values[this.#right] as number) - left);
  }

  /** Moves towards what was seen instead, `error` above what is usual. */
  correct(error: number, elapsedMs: number): void {
    if (elapsedMs !== this.#elapsedMs) {
      this.#elapsedMs = elapsedMs;
      this.#elapsedHours = Math.min(elapsedMs / HOUR_MS, 1);
      this.#rate = 1 - Math.exp((-this.#elapsedHours * HOUR_MS) / MEMORY_MS);
    }
    this.#correctHour(this.#left, 1 - this.#share, error);
    if (this.#share > 0) this.#correctHour(this.#right, this.#share, error);
  }

  #correctHour(hour: number, share: number, error: number): void {
    const hours = this.#elapsedHours;
    const visited = (this.#visited[hour] as number) + share * hours;
    this.#visited[hour] = visited;
    const young = Math.min(0.5, hours / (visited + hours));
    this.#values[hour] = (this.#values[hour] as number) + share * Math.max(this.#rate, young) * error;
  }
}
