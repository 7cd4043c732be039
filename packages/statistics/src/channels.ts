import { EvidenceTails, type Moment, octaveOf, TAIL_CELLS } from './evidence-tail.ts';
import type { Pace } from './pace.ts';
import { SeasonalProfile } from './seasonal-profile.ts';

/** What the channels look at, in their order; `lite` has the first five. */
export const CHANNEL_NAMES: readonly string[] = [
  'far from the level of the last days',
  'far from the last 25 minutes',
  'far from the last 100 minutes',
  'unusual for this hour of the day',
  'unusual for this hour of the week',
  'unusual for this time of the day for hours',
  'away from the level of the last days for hours',
  'more or less restless than before',
];

const LEVEL = 0;
const FAST = 1;
const MIDDLE = 2;
const DAY = 3;
const WEEK = 4;
const DAY_SMOOTHED = 5;
const LEVEL_SMOOTHED = 6;
const RESTLESSNESS = 7;
/** Those that predict a value. */
const PREDICTING = 5;

/** Deviations beyond so many standard deviations move the means no further. */
const CLIP = [3, 4, 4, 3, 3, 4, 4, 4];
const SCALE_CLIP = 3;
/** Nothing is clipped before so many points ... */
const CLIP_FROM = 10;
/** ... and no evidence given before so many. */
const WARM_UP = 50;
/** Smaller than this part of the level, a difference is one of rounding. */
const ROUNDING = 1e-9;
/** The deviation of a series that never deviated. */
const FIRST_CHANGE = 4096;
/** It is an anomaly after a run of this length; before, it is the first of n points to differ, and worth that. */
const CONSTANT_MS = 3 * 3_600_000;
const CONSTANT_POINTS = 100;
/** A mean that moves by more than this at one point does not know what was before: there was a gap. */
const STALE_RATE = 0.9;
/** Evidence of the ends of the expected range. */
const EXPECTED_EVIDENCE = 3;
const RESCALE_AT = 1e6;

const SHARED = { count: 0, firstMs: 1, unit: 2, fastVariance: 3 };
export const CHANNEL_CELLS = { shared: 4, each: 2 };

/** The channels of a detector: their means, scales and tails over one array of cells and one of bins. */
export class Channels {
  readonly #count: number;
  readonly #pace: Pace;
  readonly #cells: Float64Array;
  readonly #means: Float64Array;
  readonly #variances: Float64Array;
  readonly #deviations: Float64Array;
  readonly #evidence: Float64Array;
  readonly #tails: EvidenceTails;
  readonly #day: SeasonalProfile;
  readonly #week: SeasonalProfile;
  readonly #moment: Moment = { timeMs: 0, unit: 1, clusterMs: 0 };
  #expected = Number.NaN;
  #scale = 0;
  #predictor = 0;

  constructor(
    count: number,
    pace: Pace,
    cells: Float64Array,
    bins: { readonly tails: Float32Array; readonly profiles: Float32Array },
  ) {
    this.#count = count;
    this.#pace = pace;
    this.#cells = cells;
    this.#means = cells.subarray(CHANNEL_CELLS.shared, CHANNEL_CELLS.shared + count);
    this.#variances = cells.subarray(CHANNEL_CELLS.shared + count, CHANNEL_CELLS.shared + 2 * count);
    this.#deviations = new Float64Array(count);
    this.#evidence = new Float64Array(count);
    const from = CHANNEL_CELLS.shared + CHANNEL_CELLS.each * count;
    this.#tails = new EvidenceTails(cells.subarray(from, from + 2 * TAIL_CELLS * count), bins.tails);
    this.#day = new SeasonalProfile(bins.profiles, 0, 24);
    this.#week = new SeasonalProfile(bins.profiles, 2 * 24, 168);
  }

  /** Whether cells that were saved can be those of channels. */
  get isSound(): boolean {
    const unit = this.#cells[SHARED.unit] as number;
    const count = this.#cells[SHARED.count] as number;
    return (
      (count === 0 || (unit >= 1 && unit <= 2 * RESCALE_AT)) &&
      this.#variances.every((variance) => variance >= 0) &&
      this.#tails.isSound
    );
  }

  /** What the channel with the smallest deviations expected. */
  get expected(): number {
    return this.#expected;
  }

  get reason(): string {
    let most = 0;
    for (let channel = 1; channel < this.#count; channel++) {
      if ((this.#evidence[channel] as number) > (this.#evidence[most] as number)) most = channel;
    }
    return CHANNEL_NAMES[most] as string;
  }

  /** The end of the expected range above (1) or below (-1). */
  bound(direction: 1 | -1): number {
    const side = 2 * this.#predictor + (direction > 0 ? 0 : 1);
    return this.#expected + direction * this.#scale * 2 ** this.#tails.octaveAt(EXPECTED_EVIDENCE, side);
  }

  /** The first point. */
  start(timeMs: number, value: number): void {
    this.#means.fill(value, 0, PREDICTING);
    this.#cells[SHARED.count] = 1;
    this.#cells[SHARED.firstMs] = timeMs;
    this.#cells[SHARED.unit] = 1;
    this.#expected = value;
  }

  /** Takes a point in and returns the evidence of all channels, added up. */
  update(timeMs: number, value: number): number {
    const cells = this.#cells;
    const moment = this.#moment;
    cells[SHARED.count] = (cells[SHARED.count] as number) + 1;
    moment.timeMs = timeMs;
    moment.clusterMs = this.#pace.clusterMs;
    moment.unit = (cells[SHARED.unit] as number) * this.#pace.growth;
    if (moment.unit > RESCALE_AT) {
      this.#tails.rescale(moment.unit);
      moment.unit = 1;
    }
    cells[SHARED.unit] = moment.unit;
    this.#day.seek(timeMs, this.#pace.intervalMs);
    this.#week.seek(timeMs, this.#pace.intervalMs);
    this.#deviate(value);
    this.#predict(value);
    for (let channel = 0; channel < this.#count; channel++) this.#learn(channel);
    return combined(this.#evidence);
  }

  /** How far the value is from what each channel expects. */
  #deviate(value: number): void {
    const deviations = this.#deviations;
    const means = this.#means;
    const pace = this.#pace;
    const usual = this.#day.usual;
    deviations[LEVEL] = value - (means[LEVEL] as number);
    deviations[FAST] = value - (means[FAST] as number);
    deviations[MIDDLE] = value - (means[MIDDLE] as number);
    deviations[DAY] = value - (means[DAY] as number) - usual;
    deviations[WEEK] = value - (means[WEEK] as number) - usual - this.#week.usual;
    if (this.#count === PREDICTING) {
      return;
    }
    const day = means[DAY_SMOOTHED] as number;
    means[DAY_SMOOTHED] = (1 - pace.middle) * day + pace.middleStep * this.#clipped(DAY, 3);
    deviations[DAY_SMOOTHED] = means[DAY_SMOOTHED];
    const level = means[LEVEL_SMOOTHED] as number;
    means[LEVEL_SMOOTHED] = (1 - pace.slow) * level + pace.slowStep * this.#clipped(LEVEL, 3);
    deviations[LEVEL_SMOOTHED] = means[LEVEL_SMOOTHED];
    const fast = this.#clipped(FAST, 4);
    const variance = this.#cells[SHARED.fastVariance] as number;
    this.#cells[SHARED.fastVariance] = variance + pace.middleStep * (fast * fast - variance);
    const floor = 1e-6 * (this.#variances[FAST] as number) + 1e-300;
    const restlessness = Math.log((this.#cells[SHARED.fastVariance] as number) + floor);
    if ((this.#cells[SHARED.count] as number) < 3) means[RESTLESSNESS] = restlessness;
    deviations[RESTLESSNESS] = restlessness - (means[RESTLESSNESS] as number);
  }

  /** Notes what the best predicting channel expected, before anything learns from the point. */
  #predict(value: number): void {
    let best = 0;
    for (let channel = 1; channel < PREDICTING; channel++) {
      if ((this.#variances[channel] as number) < (this.#variances[best] as number)) best = channel;
    }
    this.#predictor = best;
    this.#expected = value - (this.#deviations[best] as number);
    this.#scale = Math.sqrt(this.#variances[best] as number);
  }

  #learn(channel: number): void {
    const count = this.#cells[SHARED.count] as number;
    const deviation = this.#deviations[channel] as number;
    const rate = this.#rateOf(channel);
    if ((channel === FAST || channel === MIDDLE) && rate > STALE_RATE) {
      this.#means[channel] = (this.#means[channel] as number) + deviation;
      this.#evidence[channel] = 0;
      return;
    }
    const scale = Math.sqrt(this.#variances[channel] as number);
    this.#judge(channel, deviation, scale, count);
    const isYoung = count < CLIP_FROM || scale === 0;
    const limit = (CLIP[channel] as number) * scale;
    const clipped = isYoung ? deviation : clip(deviation, limit);
    if (channel < DAY_SMOOTHED || channel === RESTLESSNESS) {
      this.#means[channel] = (this.#means[channel] as number) + Math.max(rate, 1 / (count + 1)) * clipped;
      if (channel === DAY) this.#day.correct(clipped, this.#pace.hours, this.#pace.hour);
      else if (channel === WEEK) this.#week.correct(clipped, this.#pace.hours, this.#pace.hour);
    }
    const forScale = isYoung ? deviation : clip(deviation, SCALE_CLIP * scale);
    const variance = this.#variances[channel] as number;
    this.#variances[channel] = variance + Math.max(this.#pace.scale, 1 / count) * (forScale * forScale - variance);
  }

  /** Evidence of one channel, which then becomes experience. */
  #judge(channel: number, deviation: number, scale: number, count: number): void {
    const size = Math.abs(deviation);
    const least = Math.max(scale, channel < RESTLESSNESS ? ROUNDING * Math.abs(this.#means[LEVEL] as number) : 0);
    const z = least > 0 ? size / least : size === 0 ? 0 : FIRST_CHANGE;
    const octave = octaveOf(z);
    const side = 2 * channel + (deviation < 0 ? 1 : 0);
    const moment = this.#moment;
    let evidence = count > WARM_UP ? this.#tails.evidence(octave, side, moment.unit) : 0;
    if (scale === 0 && size > 0) evidence = this.#ofFirstChange(evidence, count);
    if (channel >= PREDICTING && evidence > 0) evidence = this.#ofSmoothed(channel, evidence);
    // The first differences have no scale yet: as experience they would be deviations that nothing exceeds.
    if (count >= CLIP_FROM || size === 0) this.#tails.insert(octave, side, evidence, moment);
    this.#evidence[channel] = evidence;
  }

  #ofFirstChange(evidence: number, count: number): number {
    const isLongRun =
      count > CONSTANT_POINTS && this.#moment.timeMs - (this.#cells[SHARED.firstMs] as number) >= CONSTANT_MS;
    return isLongRun ? evidence : Math.min(evidence, Math.log10(count + 1));
  }

  /** Neighbours of a smoothed series are nearly the same point: the more of them, the less each says. */
  #ofSmoothed(channel: number, evidence: number): number {
    const pace = this.#pace;
    const warmUpMs = channel === LEVEL_SMOOTHED ? pace.slowWarmUpMs : pace.smoothWarmUpMs;
    const age = this.#moment.timeMs - (this.#cells[SHARED.firstMs] as number);
    return age < warmUpMs ? 0 : Math.max(0, evidence - Math.max(0, pace.decades));
  }

  #rateOf(channel: number): number {
    return channel === FAST ? this.#pace.fast : channel === MIDDLE ? this.#pace.middle : this.#pace.level;
  }

  #clipped(channel: number, limit: number): number {
    const deviation = this.#deviations[channel] as number;
    const scale = Math.sqrt(this.#variances[channel] as number);
    return scale === 0 || (this.#cells[SHARED.count] as number) < CLIP_FROM
      ? deviation
      : clip(deviation, limit * scale);
  }
}

function clip(value: number, limit: number): number {
  return value > limit ? limit : Math.max(value, -limit);
}

/** The four largest, with weights 1, 1/2, 1/4, 1/8: channels see much the same, so that each next one adds less. */
function combined(evidence: Float64Array): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let channel = 0; channel < evidence.length; channel++) {
    const one = evidence[channel] as number;
    if (one > first) {
      fourth = third;
      third = second;
      second = first;
      first = one;
    } else if (one > second) {
      fourth = third;
      third = second;
      second = one;
    } else if (one > third) {
      fourth = third;
      third = one;
    } else if (one > fourth) {
      fourth = one;
    }
  }
  return first + second / 2 + third / 4 + fourth / 8;
}
