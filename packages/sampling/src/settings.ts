import { type AdaptiveSamplerConfig, type ResolvedConfig, resolveConfig } from './config.ts';

/** The options of a sampler: as they were given, so that single ones can be changed later, and filled. */
export class Settings {
  filled: ResolvedConfig;
  #given: AdaptiveSamplerConfig;

  /** @throws TypeError or RangeError for a bad option */
  constructor(config: AdaptiveSamplerConfig) {
    this.filled = resolveConfig(config);
    this.#given = { ...config };
  }

  /**
   * Options that are not given stay. A budget takes the place of one in the other unit.
   * @throws TypeError or RangeError for a bad option: nothing is changed then
   */
  change(changes: AdaptiveSamplerConfig): void {
    const given = { ...this.#given, ...changes };
    if (changes?.spansPerSecond !== undefined && changes.tracesPerSecond === undefined) delete given.tracesPerSecond;
    if (changes?.tracesPerSecond !== undefined && changes.spansPerSecond === undefined) delete given.spansPerSecond;
    this.filled = resolveConfig(given);
    this.#given = given;
  }
}
