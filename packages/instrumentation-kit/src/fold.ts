/** Options of {@link createFold}. */
export interface FoldConfig {
  /** Repetitions inside this many ms are folded into one report. Default 60,000. */
  windowMs?: number;
  /** Keys remembered; beyond it the oldest is forgotten, and reported at once when it comes back. Default 512. */
  maxKeys?: number;
}

/** Folds repetitions of the same thing, so that a loop of failing probes makes one report a window, not thousands. */
export interface Fold {
  /**
   * Counts one occurrence.
   * @returns how many occurrences to report now (this one and those folded since the last report), 0 to stay silent
   */
  count(key: string, nowMs: number): number;
}

interface Folded {
  reportedMs: number;
  pending: number;
}

/** Creates a fold on the caller's clock: no timer; what is pending is reported with the next occurrence. */
export function createFold(config: FoldConfig = {}): Fold {
  const { windowMs = 60_000, maxKeys = 512 } = config;
  const known = new Map<string, Folded>();
  return {
    count(key, nowMs): number {
      const folded = known.get(key);
      if (folded === undefined) {
        if (known.size >= maxKeys) known.delete(known.keys().next().value as string);
        known.set(key, { reportedMs: nowMs, pending: 0 });
        return 1;
      }
      folded.pending += 1;
      if (nowMs - folded.reportedMs < windowMs) return 0;
      const report = folded.pending;
      folded.pending = 0;
      folded.reportedMs = nowMs;
      return report;
    },
  };
}
