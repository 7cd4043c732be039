import { readFields, readFinite } from './state.ts';

export interface CusumConfig {
  /** The mean that values should have. */
  readonly target: number;
  /** Their standard deviation; above 0. */
  readonly standardDeviation: number;
  /** Half the shift that is to be found, in standard deviations; from 0. Default 0.5. */
  readonly slack?: number;
  /** The sum at which a shift is told, in standard deviations; above 0. Default 5: once in 465 values by chance. */
  readonly threshold?: number;
}

export interface CusumState extends Required<CusumConfig> {
  readonly version: 1;
  readonly upper: number;
  readonly lower: number;
}

const WHAT = 'Cusum';

/**
 * Tabular CUSUM (Page 1954, Continuous Inspection Schemes; Montgomery, Introduction to Statistical Quality Control, 9.1):
 * finds a small lasting shift of the mean, either way, soonest. It goes on summing after a shift; `reset` starts anew.
 */
export class Cusum {
  readonly config: Required<CusumConfig>;
  #upper = 0;
  #lower = 0;

  /** @throws RangeError for an option outside its range */
  constructor({ target, standardDeviation, slack = 0.5, threshold = 5 }: CusumConfig) {
    this.config = { target, standardDeviation, slack, threshold };
    readFinite(WHAT, 'target', target, [-Number.MAX_VALUE, Number.MAX_VALUE]);
    readFinite(WHAT, 'standardDeviation', standardDeviation, [Number.MIN_VALUE, Number.MAX_VALUE]);
    readFinite(WHAT, 'slack', slack, [0, Number.MAX_VALUE]);
    readFinite(WHAT, 'threshold', threshold, [Number.MIN_VALUE, Number.MAX_VALUE]);
  }

  /** A sum from `toState`, or from its JSON. @throws TypeError or RangeError for anything else */
  static fromState(state: CusumState): Cusum {
    const what = `${WHAT} state`;
    const fields = readFields(what, state, 1);
    const cusum = new Cusum(fields as unknown as CusumConfig);
    cusum.#upper = readFinite(what, 'upper', fields.upper, [0, Number.MAX_VALUE]);
    cusum.#lower = readFinite(what, 'lower', fields.lower, [0, Number.MAX_VALUE]);
    return cusum;
  }

  /** Sum of what was above the target, in standard deviations, held at 0 from below. */
  get upper(): number {
    return this.#upper;
  }

  /** As `upper`, of what was below. */
  get lower(): number {
    return this.#lower;
  }

  /** 1 when the mean has risen, -1 when it has fallen, else 0. */
  get shift(): -1 | 0 | 1 {
    const { threshold } = this.config;
    return this.#upper > threshold ? 1 : this.#lower > threshold ? -1 : 0;
  }

  /** Takes a value in and returns `shift`. What is not finite changes nothing. */
  update(value: number): -1 | 0 | 1 {
    if (Number.isFinite(value)) {
      const { target, standardDeviation, slack } = this.config;
      const z = (value - target) / standardDeviation;
      this.#upper = Math.max(0, this.#upper + z - slack);
      this.#lower = Math.max(0, this.#lower - z - slack);
    }
    return this.shift;
  }

  reset(): void {
    this.#upper = 0;
    this.#lower = 0;
  }

  /** A copy as plain JSON, for `fromState`. */
  toState(): CusumState {
    return { version: 1, ...this.config, upper: this.#upper, lower: this.#lower };
  }
}
