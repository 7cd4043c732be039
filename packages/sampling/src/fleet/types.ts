/** Whole numbers by field name. What they mean is the sampler's affair: a store adds them up and hands them back. */
export type FleetCounts = ReadonlyMap<string, number>;

/** Where the members of a fleet tell each other what they have to carry. Both may reject; then the last lease holds. */
export interface FleetStore {
  /**
   * Adds a member's numbers to those of the others in a bucket. Called once a bucket.
   * @param keepMs how long the bucket must be there at least
   */
  add(bucket: number, counts: FleetCounts, keepMs: number): Promise<void>;
  /** The sums of a bucket; empty when nobody added anything. */
  read(bucket: number): Promise<FleetCounts>;
  /** How many members a new one assumes while it knows none; above 0. */
  readonly expected?: number;
}

/** Why an exchange with the others failed. */
export type FleetFailure = 'error' | 'timeout' | 'garbage' | 'lost' | 'late';

/** A failure that has a reason of its own. */
export class FleetError extends Error {
  readonly reason: FleetFailure;

  constructor(reason: FleetFailure, message: string) {
    super(message);
    this.name = 'FleetError';
    this.reason = reason;
  }
}
