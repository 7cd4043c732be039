import { AlertPolicy, POLICY_CELLS } from './alert-policy.ts';
import { CHANNEL_CELLS, Channels } from './channels.ts';
import { readDetectorState, type StreamingDetectorState, writeDetectorState } from './detector-state.ts';
import { BINS, TAIL_CELLS } from './evidence-tail.ts';
import { isForgotten, Pace } from './pace.ts';
import { RECURRENCE_BINS, RECURRENCE_CELLS } from './recurrence-memory.ts';

/** The score from which on a point is an anomaly: the same for every series. */
export const ANOMALY_THRESHOLD = 0.5;

/** How many channels look at each point: `lite` five, `full` eight. */
export type StreamingDetectorKind = 'lite' | 'full';

const CHANNELS = { lite: 5, full: 8 } as const;
/** Beyond it squares overflow; such values are taken for broken ones. */
const LARGEST_VALUE = 1e150;
/** Far in the past, and yet a number that JSON has. */
export const NEVER_MS = -9e15;

/** Cells of the detector itself; those of policy, recurrence, channels and tails follow. */
const COUNT = 0;
const LAST_MS = 1;
const INTERVAL_MS = 2;
const PACE_INTERVAL_MS = 3;
const PACE_ELAPSED_MS = 4;
const OWN_CELLS = 5;
const HOURS_OF_DAY = 24;
const HOURS_OF_WEEK = 168;

/**
 * Says of each point of a series how anomalous it is, from what the series itself has been like: no look-ahead, no
 * training, nothing to tune. One object a series; feed it timestamps and values as they come, at any interval.
 *
 * Eight channels look at a point: the distance from the level of the last days, from the last 25 and 100 minutes, from
 * what is usual at this hour of the day and of the week; smoothed over 100 minutes and 6 hours; and how restless the
 * series is. Each channel knows its own tails (see EvidenceTail), and says how improbable its deviation is. The evidence
 * of all is added up with weights 1, 1/2, 1/4, 1/8, judged by how long it lasts, and by how often the like has come up
 * in this series before (see AlertPolicy).
 *
 * Everything that lasts is in time, not in points, with a least number of points for coarse series. Results are fields
 * of the detector, so that `update` allocates nothing. Below a microsecond a point and below 10 KB a series.
 */
export class StreamingDetector {
  readonly kind: StreamingDetectorKind;
  /** Values that were NaN, infinite or beyond 1e150 in magnitude, which change nothing else. */
  invalidCount = 0;
  #score = 0;
  readonly #pace: Pace = new Pace();
  #cells: Float64Array;
  #bins: Float32Array;
  #policy: AlertPolicy;
  #channels: Channels;

  constructor(kind: StreamingDetectorKind = 'full') {
    if (!Object.hasOwn(CHANNELS, kind)) {
      throw new RangeError(`StreamingDetector: kind must be 'lite' or 'full', got ${String(kind)}`);
    }
    this.kind = kind;
    const size = sizeOf(kind);
    const memory = new ArrayBuffer(8 * size.cells + 4 * size.bins);
    this.#cells = new Float64Array(memory, 0, size.cells);
    this.#bins = new Float32Array(memory, 8 * size.cells, size.bins);
    this.#cells[LAST_MS] = NEVER_MS;
    [this.#policy, this.#channels] = this.#parts();
  }

  /** A detector from `toState`, or from its JSON. @throws TypeError or RangeError for anything else */
  static fromState(state: StreamingDetectorState): StreamingDetector {
    const { kind, cells, bins, invalidCount } = readDetectorState(state, sizeOf);
    const detector = new StreamingDetector(kind);
    detector.#cells.set(cells);
    detector.#bins.set(bins);
    detector.invalidCount = invalidCount;
    const intervals = cells.subarray(INTERVAL_MS, OWN_CELLS);
    const isSound = intervals.every((interval) => interval >= 0);
    if (!(isSound && detector.#policy.isSound && detector.#channels.isSound)) {
      throw new RangeError('StreamingDetector state: cells and bins must be those of a detector, got others');
    }
    if (cells[PACE_INTERVAL_MS] !== 0) {
      detector.#pace.set(cells[PACE_INTERVAL_MS] as number, cells[PACE_ELAPSED_MS] as number);
    }
    return detector;
  }

  /** 0 to 1, from `ANOMALY_THRESHOLD` (0.5) on an anomaly. Repeats of what was told stay below. */
  get score(): number {
    return this.#score;
  }

  get isAnomalous(): boolean {
    return this.#score >= ANOMALY_THRESHOLD;
  }

  /** 0 no anomaly, 1 an anomaly, 2 half as strong again as needed, 3 more than twice as strong. */
  get severity(): 0 | 1 | 2 | 3 {
    if (!this.isAnomalous) return 0;
    const times = this.#policy.strength / this.#policy.need;
    return times >= 2.2 ? 3 : times >= 1.5 ? 2 : 1;
  }

  /** When the last point began to be unusual, in the time that was passed in. */
  get onsetMs(): number {
    return this.#policy.onsetMs;
  }

  /** Points taken in. */
  get count(): number {
    return this.#cells[COUNT] as number;
  }

  /** The typical time between points; 0 before the second one. */
  get intervalMs(): number {
    return this.#cells[INTERVAL_MS] as number;
  }

  /** The value that the best predicting channel expected at the last point. */
  get expected(): number {
    return this.#channels.expected;
  }

  /** The lower end of what was to be expected at the last point: one in a thousand points is below. */
  get expectedLower(): number {
    return this.#channels.bound(-1);
  }

  /** As `expectedLower`, the upper end. */
  get expectedUpper(): number {
    return this.#channels.bound(1);
  }

  /** The channel that found the last point most improbable, see `CHANNEL_NAMES`. */
  get reason(): string {
    return this.#channels.reason;
  }

  /** Takes a point in and returns its score. Allocates nothing. */
  update(timeMs: number, value: number): number {
    const cells = this.#cells;
    if (!(Math.abs(value) <= LARGEST_VALUE && Math.abs(timeMs) < -NEVER_MS)) {
      this.invalidCount++;
      this.#score = 0;
      return 0;
    }
    const count = (cells[COUNT] as number) + 1;
    if (count === 1) {
      this.#start(timeMs, value);
      return 0;
    }
    const elapsedMs = this.#elapsed(timeMs, count);
    const intervalMs = cells[INTERVAL_MS] as number;
    if (isForgotten(elapsedMs, intervalMs)) {
      this.reset();
      this.#start(timeMs, value);
      return 0;
    }
    cells[COUNT] = count;
    this.#pace.set(intervalMs, elapsedMs);
    const evidence = this.#channels.update(timeMs, value);
    this.#score = this.#policy.judge(timeMs, evidence, count, elapsedMs > 5 * intervalMs);
    return this.#score;
  }

  /** Forgets everything. */
  reset(): void {
    this.#cells.fill(0);
    this.#bins.fill(0);
    this.#cells[LAST_MS] = NEVER_MS;
    this.#score = 0;
    this.#pace.forget();
    [this.#policy, this.#channels] = this.#parts();
  }

  /** A copy as plain JSON, for `fromState`: about 10 KB. */
  toState(): StreamingDetectorState {
    this.#cells[PACE_INTERVAL_MS] = this.#pace.intervalMs;
    this.#cells[PACE_ELAPSED_MS] = this.#pace.elapsedMs;
    return writeDetectorState({
      kind: this.kind,
      invalidCount: this.invalidCount,
      cells: this.#cells,
      bins: this.#bins,
    });
  }

  #start(timeMs: number, value: number): void {
    this.#cells[COUNT] = 1;
    this.#cells[LAST_MS] = timeMs;
    this.#channels.start(timeMs, value);
    this.#score = 0;
  }

  /** Time since the last point. A clock that stands still or goes back is taken for the usual interval. */
  #elapsed(timeMs: number, count: number): number {
    const cells = this.#cells;
    const intervalMs = cells[INTERVAL_MS] as number;
    const elapsedMs = timeMs - (cells[LAST_MS] as number);
    cells[LAST_MS] = timeMs;
    if (intervalMs === 0) {
      cells[INTERVAL_MS] = elapsedMs > 0 ? elapsedMs : 1;
      return cells[INTERVAL_MS] as number;
    }
    const positive = elapsedMs > 0 ? elapsedMs : intervalMs;
    // A gap says nothing of the interval.
    cells[INTERVAL_MS] = intervalMs + Math.max(0.01, 1 / count) * (Math.min(positive, 3 * intervalMs) - intervalMs);
    return positive;
  }

  #parts(): [AlertPolicy, Channels] {
    const channels = CHANNELS[this.kind];
    const cut = (from: number, length: number): Float64Array => this.#cells.subarray(from, from + length);
    const policyFrom = OWN_CELLS;
    const channelsFrom = policyFrom + POLICY_CELLS + RECURRENCE_CELLS;
    const tailBins = 2 * BINS * channels;
    return [
      new AlertPolicy(
        this.#pace,
        cut(policyFrom, POLICY_CELLS + RECURRENCE_CELLS),
        this.#bins.subarray(tailBins, tailBins + RECURRENCE_BINS),
      ),
      new Channels(channels, this.#pace, this.#cells.subarray(channelsFrom), {
        tails: this.#bins.subarray(0, tailBins),
        profiles: this.#bins.subarray(tailBins + RECURRENCE_BINS),
      }),
    ];
  }
}

function sizeOf(kind: StreamingDetectorKind): { cells: number; bins: number } {
  const channels = CHANNELS[kind];
  return {
    cells:
      OWN_CELLS +
      POLICY_CELLS +
      RECURRENCE_CELLS +
      CHANNEL_CELLS.shared +
      channels * (CHANNEL_CELLS.each + 2 * TAIL_CELLS),
    bins: channels * 2 * BINS + RECURRENCE_BINS + 2 * (HOURS_OF_DAY + HOURS_OF_WEEK),
  };
}
