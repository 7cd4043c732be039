import { RecentScores } from './recent-scores.ts';
import type { Identity, Range, Watch } from './watch.ts';

/** A watch of a series, with what the incidents know of it. */
export class Subject {
  readonly identity: Identity;
  readonly watch: Watch;
  /** Series and signal. */
  readonly text: string;
  readonly scores: RecentScores = new RecentScores();
  /** While an anomaly goes on: what was expected as it began, and how it went. */
  open: OpenAnomaly | undefined;

  constructor(identity: Identity, watch: Watch) {
    this.identity = identity;
    this.watch = watch;
    this.text = `${identity.text} ${watch.signal}`;
  }
}

/** How an anomaly of one subject goes. */
export interface OpenAnomaly {
  readonly range: Range;
  readonly onsetMs: number;
  readonly openedMs: number;
  score: number;
  strength: number;
  value: number;
  peak: number;
  /** Consecutive looks at which it did not go on. */
  calm: number;
  lastUnusualMs: number;
  /** Of growth that is over; else NaN. */
  rise: number;
  /** Whether it began while its series was paused, and nothing was told of it. */
  isMuted: boolean;
}
