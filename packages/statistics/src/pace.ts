const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long things last: in time, but no shorter than so many points, which statistics need. */
const LEVEL = { ms: 3.5 * DAY_MS, points: 200 };
const FAST = { ms: 25 * MINUTE_MS, points: 3 };
const MIDDLE = { ms: 100 * MINUTE_MS, points: 12 };
const SLOW = { ms: 6 * HOUR_MS, points: 24 };
const SCALE = { ms: 3.5 * DAY_MS, points: 300 };
const HALF_LIFE = { ms: 14 * DAY_MS, points: 1500 };
const REPEAT_HALF_LIFE = { ms: 12 * HOUR_MS, points: 24 };
const RECURRENCE_HALF_LIFE = { ms: 7 * DAY_MS, points: 150 };
/** What is usual at an hour is corrected by up to 28 % a visit: half of it comes from the last two. */
const USUAL_MS = 3 * HOUR_MS;
const CLUSTER = { ms: 2 * HOUR_MS, points: 24 };
const QUIET = { ms: 5 * HOUR_MS, points: 12 };
const COOLDOWN = { ms: 6 * HOUR_MS, points: 12 };
const PERSISTENCE_MS = 5 * MINUTE_MS;
const PERSISTENCE_GONE_MS = HOUR_MS;

/** The interval the thresholds are stated for. */
const REFERENCE_MS = 5 * MINUTE_MS;
const MOST_DECADES = 1.5;

interface Duration {
  readonly ms: number;
  readonly points: number;
}

/** The rates of a series at its own interval between points. Everything is worked out anew only when that changes. */
export class Pace {
  /** Share by which a mean moves at one point. */
  level = 0;
  fast = 0;
  middle = 0;
  slow = 0;
  /** As `middle` and `slow`, for what one point may add: after a gap it is still only one. */
  middleStep = 0;
  slowStep = 0;
  scale = 0;
  /** Hours since the last point, 1 at most, and how far they move what is usual at an hour. */
  hours = 0;
  hour = 0;
  persistence = 0;
  /** What is left of the mean evidence when the next point comes. */
  persistenceLeft = 0;
  /** Growth of weights from point to point, by which the past is forgotten. */
  growth = 1;
  recurrenceGrowth = 1;
  repeatDecay = 1;
  clusterMs = 0;
  quietMs = 0;
  cooldownMs = 0;
  /** Until then smoothed deviations have been seen too few times over. */
  smoothWarmUpMs = 0;
  slowWarmUpMs = 0;
  /** log10 of how many times more (positive) or fewer points an hour there are than at 5 minutes; within +-1.5. */
  decades = 0;
  /** What the rates were worked out for; saved with a detector, so that a restored one goes on with the same. */
  intervalMs = 0;
  elapsedMs = 0;

  /** Of no series so far. */
  forget(): void {
    this.intervalMs = 0;
    this.elapsedMs = 0;
  }

  /** Sets the rates for a point that comes `elapsedMs` after the last one of a series with this typical interval. */
  set(intervalMs: number, elapsedMs: number): void {
    // Jitter is no reason to work out exponentials at each point.
    const elapsed = Math.abs(elapsedMs - intervalMs) < 0.25 * intervalMs ? intervalMs : elapsedMs;
    if (isNear(intervalMs, this.intervalMs) && isNear(elapsed, this.elapsedMs)) {
      return;
    }
    this.intervalMs = intervalMs;
    this.elapsedMs = elapsed;
    const last = ({ ms, points }: Duration): number => Math.max(ms, points * intervalMs);
    const rate = (duration: Duration): number => 1 - Math.exp(-elapsed / last(duration));
    this.level = rate(LEVEL);
    this.fast = rate(FAST);
    this.middle = rate(MIDDLE);
    this.slow = rate(SLOW);
    const step = (duration: Duration): number => 1 - Math.exp(-Math.min(elapsed, 3 * intervalMs) / last(duration));
    this.middleStep = step(MIDDLE);
    this.slowStep = step(SLOW);
    this.scale = step(SCALE);
    this.hours = Math.min(elapsed / HOUR_MS, 1);
    this.hour = 1 - Math.exp((-this.hours * HOUR_MS) / USUAL_MS);
    this.persistence = 1 - Math.exp(-elapsed / PERSISTENCE_MS);
    this.persistenceLeft = Math.exp(-elapsed / PERSISTENCE_GONE_MS);
    this.growth = 2 ** (elapsed / last(HALF_LIFE));
    this.recurrenceGrowth = 2 ** (elapsed / last(RECURRENCE_HALF_LIFE));
    this.repeatDecay = 2 ** (-elapsed / last(REPEAT_HALF_LIFE));
    this.clusterMs = last(CLUSTER);
    this.quietMs = last(QUIET);
    this.cooldownMs = last(COOLDOWN);
    this.smoothWarmUpMs = 8 * last(MIDDLE);
    this.slowWarmUpMs = 4 * Math.max(SLOW.ms, MIDDLE.points * intervalMs);
    this.decades = Math.min(Math.max(Math.log10(REFERENCE_MS / intervalMs), -MOST_DECADES), MOST_DECADES);
  }
}

/** A gap so long that the series starts anew: twice what the tails remember by half. */
export function isForgotten(elapsedMs: number, intervalMs: number): boolean {
  return elapsedMs > 2 * Math.max(HALF_LIFE.ms, HALF_LIFE.points * intervalMs);
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 0.02 * b;
}
