import type { ProcessDemand } from '../../src/fleet/demand.ts';
import { FleetMember } from '../../src/fleet/fleet-member.ts';
import { MemoryStore } from '../../src/fleet/memory-store.ts';
import type { FleetCounts, FleetFailure, FleetStore } from '../../src/fleet/types.ts';

export const INTERVAL_MS = 5000;

/** One member under a virtual clock. */
export interface SimulatedMember {
  /** Traces a second by key. */
  load: Readonly<Record<string, number>>;
  /** Whether it is cut off from the store. */
  isCut: boolean;
  lease: number | undefined;
  readonly failures: FleetFailure[];
  readonly processes: number;
  stop(): void;
}

/** A clock, a store and members. */
export class SimulatedFleet {
  nowMs = 1_700_000_000_000;
  /** How far the wall clock is off. */
  skewMs = 0;
  store: FleetStore = new MemoryStore();
  readonly members: SimulatedMember[] = [];
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();
  readonly #random: () => number;
  readonly #budget: number;

  constructor(budget: number, random: () => number) {
    this.#budget = budget;
    this.#random = random;
  }

  get sum(): number {
    return this.members.reduce((sum, { lease = 0 }) => sum + lease, 0);
  }

  join(load: Readonly<Record<string, number>>, expected = 10): SimulatedMember {
    const failures: FleetFailure[] = [];
    const gone = (): Promise<never> => Promise.reject(new Error('cut off'));
    let member: FleetMember | undefined;
    const simulated: SimulatedMember = {
      load,
      isCut: false,
      lease: undefined,
      failures,
      get processes() {
        return member?.budget.processes ?? 0;
      },
      stop: () => {
        member?.stop();
        this.members.splice(this.members.indexOf(simulated), 1);
      },
    };
    const store: FleetStore = {
      add: (bucket: number, counts: FleetCounts) => (simulated.isCut ? gone() : this.store.add(bucket, counts, 0)),
      read: (bucket: number) => (simulated.isCut ? gone() : this.store.read(bucket)),
    };
    const sampler = {
      demand: () => demandOf(simulated.load, this.#budget),
      lease: (budget: number | undefined) => {
        simulated.lease = budget;
        return true;
      },
    };
    const after = (ms: number, callback: () => void): (() => void) => {
      const timer = { atMs: this.nowMs + ms, callback };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    };
    member = new FleetMember(
      { sampler, store, intervalMs: INTERVAL_MS, expected },
      {
        now: () => this.nowMs + this.skewMs,
        random: this.#random,
        after,
        onFailure: (reason) => failures.push(reason),
      },
    );
    this.members.push(simulated);
    return simulated;
  }

  /** Lets time pass; `watch` sees every state in between. */
  async run(seconds: number, watch: () => void = () => {}): Promise<void> {
    const endMs = this.nowMs + seconds * 1000;
    await settled();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      // What happens at one moment has all happened before anybody looks.
      if (next.atMs > this.nowMs + 5) watch();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#timers.delete(next);
      next.callback();
      await settled();
    }
    this.nowMs = endMs;
  }
}

/** Everything that promises have to do at present is done. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

export function demandOf(load: Readonly<Record<string, number>>, budget: number): ProcessDemand {
  const keys = Object.entries(load).map(([name, rate]) => ({ name, rate, cost: rate }));
  return {
    unit: 'traces',
    budget,
    uniformity: 0.5,
    keys,
    overflow: { rate: 0, cost: 0, keys: 0 },
    unplanned: 0,
  };
}
