import type { AnomalySource, Direction } from '../types.ts';

/** What a watch saw when it found an anomaly, frozen: what is usual must not follow the anomaly. */
export interface Range {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly direction: Direction;
}

/** How far a climb has come. */
export interface Climbed {
  readonly rise: number;
  /** Epoch milliseconds of its last step up. */
  readonly risenMs: number;
  readonly isAtRest: boolean;
}

/** One thing of a series that can be unusual, judged at each look. */
export interface Watch extends Range {
  /** See `Anomaly.signal`. */
  readonly signal: string;
  readonly unit: string;
  /** At the last look; NaN when there was nothing to see. */
  readonly value: number;
  /** 0 to 1 at the last look, 0.5 on an anomaly. */
  readonly score: number;
  /** How many times as strong as needed: 1 is just an anomaly. */
  readonly strength: number;
  /** Whether an anomaly begins, or was found again. */
  readonly isAlarm: boolean;
  /** Epoch milliseconds of the first unusual value. */
  readonly onsetMs: number;
  /** Of growth, while its anomaly goes on: how far it has come. What it leaves behind stays when it is over. */
  readonly climbed?: Climbed | undefined;
  /** Whether what was found then goes on. */
  goesOn(then: Range): boolean;
  /** While its anomaly goes on; tests that learn what is usual do not learn then. */
  isOpen: boolean;
  /** In words: what is expected now, and by what it judges. */
  describe(): string;
}

/** Who a watch belongs to. */
export interface Identity {
  readonly source: AnomalySource;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Name and labels, at most 280 characters. */
  readonly text: string;
}
