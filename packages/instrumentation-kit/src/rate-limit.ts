/** Options of {@link createRateLimit}. */
export interface RateLimitConfig {
  /** Long-run rate, > 0. */
  perSecond: number;
  /** How many may pass at once after a pause, >= 1. */
  burst: number;
}

/** A token bucket on the caller's clock. */
export interface RateLimit {
  /** Takes one token; false when there is none. A few nanoseconds. `nowMs` must be monotonic (`performance.now()`). */
  take(nowMs: number): boolean;
  /** How many were refused so far. */
  readonly refused: number;
}

/**
 * Creates a token bucket: `burst` tokens at the start, refilled at `perSecond`.
 * @throws RangeError on a bad option
 */
export function createRateLimit(config: RateLimitConfig): RateLimit {
  const { perSecond, burst } = config;
  if (!(perSecond > 0)) throw new RangeError(`RateLimit: perSecond must be > 0, got ${perSecond}`);
  if (!(burst >= 1)) throw new RangeError(`RateLimit: burst must be >= 1, got ${burst}`);
  let tokens = burst;
  let lastMs = Number.NEGATIVE_INFINITY;
  let refused = 0;
  return {
    take(nowMs): boolean {
      const elapsedMs = nowMs - lastMs;
      if (elapsedMs > 0) {
        tokens = Math.min(burst, tokens + (elapsedMs * perSecond) / 1000);
        lastMs = nowMs;
      }
      if (tokens < 1) {
        refused += 1;
        return false;
      }
      tokens -= 1;
      return true;
    },
    get refused(): number {
      return refused;
    },
  };
}
