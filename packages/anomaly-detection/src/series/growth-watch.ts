import type { Range, Watch } from '../incidents/watch.ts';
import { GrowthTest } from '../shifts/growth-test.ts';
import type { Direction } from '../types.ts';

/** Time that a block spans, and the fewest values: of what leaks fast, and of what leaks slowly. */
const FAST_MS = 3_000;
const SLOW_MS = 120_000;
const LEAST_VALUES = 3;

/** Judges whether a level that memory has rises steadily. */
export class GrowthWatch implements Watch {
  readonly signal = 'growth';
  readonly unit: string;
  readonly direction: Direction = 'up';
  readonly #fast: GrowthTest;
  readonly #slow: GrowthTest;
  readonly #least: number;
  value: number = Number.NaN;
  isOpen = false;

  constructor(config: {
    readonly unit: string;
    readonly least: number;
    readonly intervalMs: number;
    readonly isJumpy: boolean;
  }) {
    const length = (ms: number): number => Math.max(LEAST_VALUES, Math.round(ms / config.intervalMs));
    this.unit = config.unit;
    this.#least = config.least;
    this.#fast = new GrowthTest({ blockLength: length(config.isJumpy ? SLOW_MS : FAST_MS), least: config.least });
    this.#slow = new GrowthTest({ blockLength: length(SLOW_MS), least: config.least });
  }

  get #growing(): GrowthTest | undefined {
    return this.#fast.isGrowing ? this.#fast : this.#slow.isGrowing ? this.#slow : undefined;
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
    return this.expected + Math.max(this.#least, 0.2 * Math.abs(this.expected));
  }

  update(nowMs: number, value: number): void {
    this.value = value;
    this.#fast.update(nowMs, value);
    this.#slow.update(nowMs, value);
  }

  /** What has leaked stays: it goes on while the level is still above what was expected as it began. */
  goesOn({ high }: Range): boolean {
    return this.value > high;
  }

  describe(): string {
    const now = this.#growing === undefined ? 'no steady growth' : `growing from ${this.expected}`;
    return `${now}, now ${this.value}; told when the floor rises by ${this.#least} and a fifth, steadily and faster than before`;
  }
}
