import { quantity } from '../incidents/sentence.ts';
import type { Climbed, Range, Watch } from '../incidents/watch.ts';
import { Climb } from '../shifts/climb.ts';
import { GrowthTest } from '../shifts/growth-test.ts';
import type { Direction } from '../types.ts';

/** Time that a block spans, and the fewest values: of what leaks fast, and of what leaks slowly. */
const FAST_MS = 3_000;
const SLOW_MS = 120_000;
const LEAST_VALUES = 3;
/** Between two collections of its old space a small heap doubles by itself: short blocks ask for that much more growth. */
const FAST_FACTOR = 5 / 3;
/** Time of which the lowest value is the floor of what goes on. */
const FLOOR_MS = 60_000;
/** Part of the growth that is told, that has to come again for it to go on, and to be left of it. */
const GOES_ON = 0.5;
const LEAST_RATIO = 0.2;

/**
 * Judges whether a level that memory has rises steadily, and when such a climb is over: once its floor has come to rest,
 * or most of what it rose by is free again. To begin takes the whole growth that is told in a window, to go on half of it
 * in the same time.
 */
export class GrowthWatch implements Watch {
  readonly signal = 'growth';
  readonly unit: string;
  readonly direction: Direction = 'up';
  /** By short blocks, where those say something, then by long ones. */
  readonly #tests: readonly GrowthTest[];
  readonly #climb: Climb;
  readonly #least: number;
  #nowMs = Number.NaN;
  #expected = Number.NaN;
  #isOpen = false;
  value: number = Number.NaN;

  constructor(config: {
    readonly unit: string;
    readonly least: number;
    readonly intervalMs: number;
    readonly isJumpy: boolean;
  }) {
    const length = (ms: number): number => Math.max(LEAST_VALUES, Math.round(ms / config.intervalMs));
    this.unit = config.unit;
    this.#least = config.least;
    const fast = { blockLength: length(FAST_MS), least: FAST_FACTOR * config.least };
    const slow = { blockLength: length(SLOW_MS), least: config.least };
    this.#tests = (config.isJumpy ? [slow] : [fast, slow]).map((one) => new GrowthTest(one));
    this.#climb = new Climb(length(FLOOR_MS));
  }

  get #growing(): GrowthTest | undefined {
    return this.#tests.find(({ isGrowing }) => isGrowing);
  }

  get isAlarm(): boolean {
    return this.#growing !== undefined;
  }

  get strength(): number {
    return this.#growing?.strength ?? 0;
  }

  get score(): number {
    const { strength } = this;
    return strength / (strength + 1);
  }

  get onsetMs(): number {
    return this.#growing?.onsetMs ?? Number.NaN;
  }

  get expected(): number {
    return this.#growing?.expected ?? Number.NaN;
  }

  get low(): number {
    return 0;
  }

  get high(): number {
    return this.expected + this.#leastAbove(this.expected);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** When a climb is over, what comes next is judged by what came after it alone. */
  set isOpen(isOpen: boolean) {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    const growing = this.#growing;
    if (isOpen && growing !== undefined) {
      const least = this.#leastAbove(growing.expected);
      const level = growing.expected + growing.strength * least;
      this.#expected = growing.expected;
      this.#climb.begin({ nowMs: this.#nowMs, level, step: GOES_ON * least, values: growing.windowLength });
    } else if (!isOpen) {
      const values = this.#climb.isAtRest ? this.#climb.risenAgo : 0;
      for (const test of this.#tests) test.restart(values);
    }
  }

  get climbed(): Climbed | undefined {
    if (!this.#isOpen) return undefined;
    const { top, risenMs, isAtRest } = this.#climb;
    return { rise: top - this.#expected, risenMs, isAtRest };
  }

  update(nowMs: number, value: number): void {
    this.value = value;
    for (const test of this.#tests) test.update(nowMs, value);
    this.#nowMs = nowMs;
    if (!this.#isOpen) return;
    this.#climb.update(nowMs, value);
    const growing = this.#growing;
    if (growing !== undefined) this.#climb.shorten(growing.windowLength);
  }

  /** By what was expected as it began: it has not come to rest, and half of what is told is still there. */
  goesOn({ expected, high }: Range): boolean {
    return this.value > expected + GOES_ON * (high - expected) && !this.#climb.isAtRest;
  }

  /** The growth that is told above a floor. */
  #leastAbove(floor: number): number {
    return Math.max(this.#least, LEAST_RATIO * Math.abs(floor));
  }

  describe(): string {
    const inWords = (value: number): string => quantity(value, this.unit);
    const now = this.#growing === undefined ? 'no steady growth' : `growing from ${inWords(this.expected)}`;
    return `${now}, now ${inWords(this.value)}; told when the floor rises by ${inWords(this.#least)} and a fifth, steadily and faster than before`;
  }
}
