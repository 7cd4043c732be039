import type { Pace } from './pace.ts';
import { RECURRENCE_CELLS, RecurrenceMemory } from './recurrence-memory.ts';

/** Evidence (weighted decades of improbability) that an anomaly needs at 5 minutes between points. */
const NEED = 5.6;
/** A tenth as many points an hour: so much less evidence is needed, since chance has fewer of them to show it. */
const NEED_LESS = 1;
/** Ten times as many: so much more, times the cube of the decades, of a single point and of points in a row. */
const SINGLE_MORE = 3.2;
const ROW_MORE = 0.55;
/** Points in a row with this share of the need count together, if they are that close: three, or four if closer. */
const IN_ROW = 0.9;
const ROW_BELOW_MS = 120_000;
const LONG_ROW_BELOW_MS = 30_000;
/** Each doubling of the row adds 1, this much at most. */
const ROW_BONUS_MOST = 2;

/** Mean evidence of the last minutes that is added to that of a point. */
const PERSISTENCE = 0.15;
const PERSISTENCE_MOST = 6;

/** Incidents are remembered from this share of the need on; twice as many of them raise the bar by `RECURRENCE`. */
const REMEMBERED = 0.64;
const RECURRENCE = 1.3;
/** An alert raises the bar by this much, which fades; and repeats are not told unless stronger by `RISE`. */
const REPEAT = 1;
const RISE = 2.5;
/** The score of what would be an alert, had it not been told. */
const TOLD = 0.49;
/** Until a series has so many points (half of them at an hour) little is known of it: the bar is higher at first. */
const YOUNG_POINTS = 500;
const YOUNG = 4;
/** A point is unusual, for the onset, from this share of the need on. */
const UNUSUAL = 0.7;

/** Cells in the array of a detector. */
export const POLICY_CELLS = 8;
const MEAN = 0;
const ROW = 1;
const ROW_LEAST = 2;
const RAISED = 3;
const COOL_UNTIL_MS = 4;
const TOLD_STRENGTH = 5;
const ONSET_MS = 6;
const UNUSUAL_MS = 7;

/**
 * From evidence to a score. The same evidence is worth less in a series that shows the like each day, when it was told
 * hours ago, and when it is a single point of a series that has thousands a day.
 */
export class AlertPolicy {
  /** Strength of the last point and what an anomaly needs at this interval, in the unit of evidence. */
  strength = 0;
  need: number = NEED;
  readonly #pace: Pace;
  readonly #cells: Float64Array;
  readonly #memory: RecurrenceMemory;

  /** `cells`: POLICY_CELLS + RECURRENCE_CELLS of them. */
  constructor(pace: Pace, cells: Float64Array, bins: Float32Array) {
    this.#pace = pace;
    this.#cells = cells.subarray(0, POLICY_CELLS);
    this.#memory = new RecurrenceMemory(cells.subarray(POLICY_CELLS, POLICY_CELLS + RECURRENCE_CELLS), bins);
  }

  /** Whether cells that were saved can be those of a policy. */
  get isSound(): boolean {
    return this.#cells.subarray(MEAN, RAISED + 1).every((cell) => cell >= 0) && this.#memory.isSound;
  }

  get onsetMs(): number {
    return this.#cells[ONSET_MS] as number;
  }

  /** The score, 0 to 1, of a point with this evidence, the `count`th of its series. */
  judge(timeMs: number, evidence: number, count: number, isAfterGap: boolean): number {
    const cells = this.#cells;
    const pace = this.#pace;
    const decades = pace.decades;
    this.need = NEED + NEED_LESS * Math.min(decades, 0);
    const strength = this.#strengthOf(evidence, Math.max(decades, 0), isAfterGap);
    this.strength = strength;
    this.#noteOnset(timeMs, strength);
    cells[RAISED] = (cells[RAISED] as number) * pace.repeatDecay;
    this.#memory.age(pace.recurrenceGrowth);
    const youngPoints = YOUNG_POINTS * (1 + 0.5 * Math.max(-1, Math.min(decades, 0)));
    let bar = this.need + (cells[RAISED] as number) + YOUNG * Math.max(0, 1 - count / youngPoints);
    if (strength > REMEMBERED * this.need) {
      bar += RECURRENCE * Math.log2(1 + this.#memory.visit(strength, timeMs, pace.quietMs));
    }
    const score = strength / (strength + bar);
    if (score < 0.5) {
      return score;
    }
    if (timeMs < (cells[COOL_UNTIL_MS] as number) && strength < (cells[TOLD_STRENGTH] as number) + RISE) {
      return TOLD;
    }
    cells[COOL_UNTIL_MS] = timeMs + pace.cooldownMs;
    cells[TOLD_STRENGTH] = strength;
    cells[RAISED] = (cells[RAISED] as number) + REPEAT;
    return score;
  }

  #strengthOf(evidence: number, decades: number, isAfterGap: boolean): number {
    const cells = this.#cells;
    const pace = this.#pace;
    const cube = decades * decades * decades;
    const lasting = (cells[MEAN] as number) * pace.persistenceLeft;
    const sum = evidence + PERSISTENCE * Math.min(lasting, PERSISTENCE_MOST);
    cells[MEAN] = (cells[MEAN] as number) * (1 - pace.persistence) + pace.persistence * evidence;
    const single = (sum * this.need) / (this.need + SINGLE_MORE * cube);
    return Math.max(single, this.#strengthOfRow(sum, cube, isAfterGap));
  }

  /** The least evidence of the points in a row, and more the longer it is. */
  #strengthOfRow(sum: number, cube: number, isAfterGap: boolean): number {
    const cells = this.#cells;
    const { intervalMs } = this.#pace;
    if (intervalMs >= ROW_BELOW_MS || sum < IN_ROW * this.need) {
      cells[ROW] = 0;
      return 0;
    }
    const row = isAfterGap ? 1 : (cells[ROW] as number) + 1;
    cells[ROW] = row;
    cells[ROW_LEAST] = row === 1 ? sum : Math.min(sum, cells[ROW_LEAST] as number);
    const whole = intervalMs < LONG_ROW_BELOW_MS ? 4 : 3;
    if (row < whole) {
      return 0;
    }
    return (cells[ROW_LEAST] as number) - ROW_MORE * cube + Math.min(ROW_BONUS_MOST, Math.log2(row / whole));
  }

  #noteOnset(timeMs: number, strength: number): void {
    const cells = this.#cells;
    if (strength < UNUSUAL * this.need) {
      return;
    }
    const isNew = timeMs - (cells[UNUSUAL_MS] as number) > 3 * this.#pace.intervalMs;
    if (isNew) cells[ONSET_MS] = timeMs;
    cells[UNUSUAL_MS] = timeMs;
  }
}
