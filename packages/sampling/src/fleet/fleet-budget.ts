import type { ProcessDemand } from './demand.ts';
import { type Goal, leaseOf } from './lease.ts';
import { countsOf, greaterLoad, includes, type Load, loadOf } from './load.ts';
import { type FleetCounts, FleetError } from './types.ts';

/** What all new members of one moment may take together before the others know of them. */
const NEW_PART = 0.1;
/** Exchanges during which members that are not heard of any more are taken to be there. */
const RESERVED_ROUNDS = 2;
/** What is left after one failed exchange of the way from the last lease to an equal part. */
const DECAY = 0.5;

/**
 * One member's view of a budget that a fleet shares: numbers in, a lease out. Whatever fails, the lease never grows to more
 * than the part of one among those that were known last.
 */
export class FleetBudget {
  /** What this member may keep a second. */
  lease: number;
  /** Members in the last exchange; 0 before the first. */
  processes = 0;
  #goal: Goal;
  readonly #expected: number;
  /** The last that all members agreed on. */
  #last: Load | undefined;
  #reserved = 0;
  #told: FleetCounts | undefined;

  /** @param expected members to assume while none is known */
  constructor(goal: Goal, expected: number) {
    this.#goal = goal;
    this.#expected = expected;
    this.lease = (NEW_PART * goal.budget) / expected;
  }

  /** What was found of others when this member came. */
  joined(counts: FleetCounts): void {
    const { processes } = loadOf(counts);
    this.processes = processes;
    const { budget } = this.#goal;
    this.lease = processes === 0 ? budget / this.#expected : (NEW_PART * budget) / (processes + 1);
  }

  /** What to tell the others now. */
  tell(demand: ProcessDemand): FleetCounts {
    const { budget, uniformity } = demand;
    if (budget !== this.#goal.budget) this.lease *= budget / this.#goal.budget;
    this.#goal = { budget, uniformity };
    this.#told = countsOf(demand);
    return this.#told;
  }

  /**
   * What all told.
   * @throws FleetError when it is garbage, or lacks what this member told
   */
  heard(counts: FleetCounts): void {
    const now = loadOf(counts);
    if (this.#told === undefined || !includes(counts, this.#told)) {
      throw new FleetError('lost', 'what this process told the others is gone');
    }
    this.lease = this.#leaseAmong(now, loadOf(this.#told));
    this.processes = now.processes;
  }

  /**
   * A member that is silent may still use a lease. For a while it counts as it did, or as holding the equal part that is
   * left to one that cannot exchange, whichever leaves less to the others.
   */
  #leaseAmong(now: Load, own: Load): number {
    const last = this.#last;
    const goal = this.#goal;
    if (last === undefined || now.processes >= last.processes || this.#reserved >= RESERVED_ROUNDS) {
      this.#reserved = 0;
      this.#last = now;
      return leaseOf(own, now, goal);
    }
    this.#reserved += 1;
    const heard = { ...goal, budget: (goal.budget * now.processes) / last.processes };
    return Math.min(leaseOf(own, greaterLoad(now, last), goal), leaseOf(own, now, heard));
  }

  /** An exchange failed: step by step to an equal part, so that the leases of all who fail add up to the budget. */
  failed(): void {
    const known = this.#last?.processes ?? Math.max(this.#expected, this.processes + 1);
    const equal = this.#goal.budget / known;
    // Where there was never an exchange, the others may know nothing of this member.
    if (this.#last !== undefined || this.lease > equal) this.lease = equal + (this.lease - equal) * DECAY;
  }
}
