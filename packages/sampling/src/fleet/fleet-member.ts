import type { ProcessDemand } from './demand.ts';
import { FleetBudget } from './fleet-budget.ts';
import { limited } from './time-limit.ts';
import { FleetError, type FleetFailure, type FleetStore } from './types.ts';

/** When a member tells and when it listens, in parts of a bucket; spread, so that a fleet does not come all at once. */
const TELL_AT = 0.7;
const LISTEN_AT = 0.1;
const SPREAD = 0.1;
/** When leases change: at one moment for all, or what moves from one member to another would be there twice. */
const APPLY_AT = 0.35;
/** Longest wait for a store, as a part of a bucket, and at most. */
const LIMIT_PART = 0.15;
const MAX_LIMIT_MS = 1000;
/** How long a bucket is kept. */
const KEPT_INTERVALS = 3;
/** A request that a store never answers holds up others for so many buckets. */
const MAX_PENDING_BUCKETS = 6;

/** What a member needs of a sampler. */
export interface LeasedSampler {
  demand(): ProcessDemand;
  lease(budget: number | undefined): boolean;
}

export interface MemberEnvironment {
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly random: () => number;
  /** Calls back once; returns the undo. Must not keep the process alive. */
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (reason: FleetFailure, error: unknown) => void;
}

export interface MemberConfig {
  readonly sampler: LeasedSampler;
  readonly store: FleetStore;
  readonly intervalMs: number;
  readonly expected: number;
}

/** Takes part in a fleet: tells and listens in each bucket, and sets the sampler's lease. */
export class FleetMember {
  readonly budget: FleetBudget;
  /** When the last exchange succeeded, on the wall clock; before the first, when the member came. */
  exchangedMs: number;
  readonly #config: MemberConfig;
  readonly #environment: MemberEnvironment;
  #cancel: () => void = () => {};
  #isStopped = false;
  #pendingSinceMs: number | undefined;

  constructor(config: MemberConfig, environment: MemberEnvironment) {
    this.#config = config;
    this.#environment = environment;
    this.exchangedMs = environment.now();
    this.budget = new FleetBudget(config.sampler.demand(), config.expected);
    this.#apply();
    void this.#join();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    this.#config.sampler.lease(undefined);
  }

  get #bucket(): number {
    return Math.floor(this.#environment.now() / this.#config.intervalMs);
  }

  async #join(): Promise<void> {
    const { store } = this.#config;
    await this.#attempt(async () => this.budget.joined(await this.#ask(() => store.read(this.#bucket - 1))));
    this.#apply();
    this.#tellNext();
  }

  #after(ms: number, callback: () => void): void {
    if (!this.#isStopped) this.#cancel = this.#environment.after(Math.max(1, ms), callback);
  }

  /** Time to a part of the present bucket; negative when it is over. */
  #until(part: number): number {
    const { intervalMs } = this.#config;
    return part * intervalMs - (this.#environment.now() % intervalMs);
  }

  /** At the next moment that is a part of a bucket. */
  #at(part: number, callback: () => void): void {
    const { intervalMs } = this.#config;
    const waitMs = this.#until(part + SPREAD * this.#environment.random());
    this.#after((waitMs + intervalMs) % intervalMs, callback);
  }

  #tellNext(): void {
    this.#at(TELL_AT, () => void this.#tell());
  }

  async #tell(): Promise<void> {
    const bucket = this.#bucket;
    const { store, intervalMs, sampler } = this.#config;
    const isTold = await this.#attempt(async () => {
      const counts = this.budget.tell(sampler.demand());
      await this.#ask(() => store.add(bucket, counts, KEPT_INTERVALS * intervalMs));
    });
    this.#at(LISTEN_AT, () => void this.#listen(bucket, isTold));
  }

  async #listen(bucket: number, isTold: boolean): Promise<void> {
    const isHeard = isTold && (await this.#attempt(() => this.#hear(bucket)));
    if (isHeard) this.exchangedMs = this.#environment.now();
    else this.budget.failed();
    this.#after(this.#until(APPLY_AT), () => {
      this.#apply();
      this.#tellNext();
    });
  }

  async #hear(bucket: number): Promise<void> {
    if (this.#bucket !== bucket + 1) throw new FleetError('late', 'the clock jumped, or this process stood still');
    this.budget.heard(await this.#ask(() => this.#config.store.read(bucket)));
  }

  #apply(): void {
    if (!this.#isStopped) this.#config.sampler.lease(this.budget.lease);
  }

  /** Never rejects. */
  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return !this.#isStopped;
    } catch (error) {
      if (!this.#isStopped) this.#environment.onFailure(error instanceof FleetError ? error.reason : 'error', error);
      return false;
    }
  }

  /** One request at a time: what a store that hangs is asked does not pile up in its client. */
  async #ask<T>(request: () => Promise<T>): Promise<T> {
    const { now, after } = this.#environment;
    const { intervalMs } = this.#config;
    const since = this.#pendingSinceMs;
    if (since !== undefined && Math.abs(now() - since) < MAX_PENDING_BUCKETS * intervalMs) {
      throw new FleetError('timeout', 'the store has not answered yet');
    }
    this.#pendingSinceMs = now();
    const asked = Promise.resolve(request());
    const settled = (): void => {
      this.#pendingSinceMs = undefined;
    };
    asked.then(settled, settled);
    return limited(asked, Math.min(MAX_LIMIT_MS, LIMIT_PART * intervalMs), after);
  }
}
