import { countDropped, guard, warnOnce } from '@sonde/instrumentation-kit';
import { FleetMember, type LeasedSampler, type MemberEnvironment } from './fleet-member.ts';
import { FleetMetrics } from './fleet-metrics.ts';
import { afterUnref } from './time-limit.ts';
import type { FleetFailure, FleetStore } from './types.ts';

export interface FleetConfig {
  /** Where the members meet: `threadFleetStore()`, `hostFleetStore()`, `redisFleetStore(client, { group })` or another. */
  store: FleetStore;
  /** Time between two exchanges, 500 to 60,000 ms, the same for all. Default 5000. Less follows the load faster. */
  intervalMs?: number;
  /** Members to assume while none is known, 1 to 100,000: a new one takes this part. Default: what the store says, or 10. */
  expectedProcesses?: number;
}

const DEFAULTS = { intervalMs: 5000, expectedProcesses: 10 } as const;
const sharing = new WeakSet<object>();

function checkNumber(option: string, value: unknown, min: number, max: number): number {
  const message = `shareBudget: ${option} must be a number from ${min} to ${max}, got ${String(value)}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message);
  if (value < min || value > max) throw new RangeError(message);
  return value;
}

function checkStore(store: FleetStore): void {
  if (typeof store?.add === 'function' && typeof store.read === 'function') return;
  throw new TypeError(`shareBudget: store must have add and read, got ${String(store)}`);
}

const MESSAGE =
  'shareBudget: an exchange with the others failed; the last lease holds, and goes towards an equal part of the budget. ' +
  'It is tried again';

function fleetEnvironment(metrics: FleetMetrics): MemberEnvironment {
  return {
    now: Date.now,
    random: Math.random,
    after: afterUnref,
    onFailure: (reason: FleetFailure, error: unknown): void => {
      metrics.failures[reason] += 1;
      guard('sampling.fleet', () => countDropped(`sampling.fleet.${reason}`), undefined);
      guard('sampling.fleet', () => warnOnce(`sampling.fleet.${reason}`, MESSAGE, error), undefined);
    },
  };
}

/**
 * Makes the budget of a sampler that of a whole fleet: each member keeps a part that fits its load, so that all together
 * keep what one of them is configured to. All members need the same budget. Budgets of rules stay each process' own.
 * @returns the undo: the sampler then keeps its whole budget by itself
 * @throws TypeError or RangeError for a bad option, and for a sampler that shares its budget already
 */
export function shareBudget(sampler: LeasedSampler, config: FleetConfig): () => void {
  const { store, intervalMs = DEFAULTS.intervalMs } = config ?? {};
  checkStore(store);
  const expected = config.expectedProcesses ?? store.expected ?? DEFAULTS.expectedProcesses;
  checkNumber('intervalMs', intervalMs, 500, 60_000);
  checkNumber('expectedProcesses', expected, 1, 100_000);
  if (typeof sampler?.lease !== 'function' || typeof sampler.demand !== 'function') {
    throw new TypeError('shareBudget: sampler must be an AdaptiveSampler');
  }
  if (sharing.has(sampler)) throw new TypeError('shareBudget: this sampler shares its budget already');
  const metrics = new FleetMetrics();
  const member = new FleetMember({ sampler, store, intervalMs, expected }, fleetEnvironment(metrics));
  sharing.add(sampler);
  metrics.observe(member);
  return (): void => {
    if (!sharing.delete(sampler)) return;
    metrics.close();
    member.stop();
  };
}
