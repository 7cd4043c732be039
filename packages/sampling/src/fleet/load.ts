import { createHash } from 'node:crypto';
import type { ProcessDemand } from './demand.ts';
import { type FleetCounts, FleetError } from './types.ts';

/** Counts are whole numbers of thousandths a second. */
const SCALE = 1000;
const KEY_LENGTH = 12;
const FIELD = /^[kc][\w-]{12}$/;
const FIXED: ReadonlySet<string> = new Set(['n', 'u', 'o', 'oc', 'ow']);
/** Fields of a bucket: a fleet with more keys than this exchanges nothing. */
const MAX_FIELDS = 20_000;
const MAX_PROCESSES = 100_000;

/** What one process or a whole fleet has to carry, a second. */
export interface Load {
  readonly processes: number;
  readonly keys: ReadonlyMap<string, { readonly rate: number; readonly cost: number }>;
  /** Keys that were not named, together; `keys` is how many they are in a process on average. */
  readonly overflow: { readonly rate: number; readonly cost: number; readonly keys: number };
  readonly unplanned: number;
}

/** Of fixed length, and without what a key says: paths stay in the process. */
function fieldOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, KEY_LENGTH);
}

function addTo(counts: Map<string, number>, field: string, value: number): void {
  const count = Math.round(value * SCALE);
  if (count > 0 && Number.isSafeInteger(count)) counts.set(field, (counts.get(field) ?? 0) + count);
}

/** What a process adds to a bucket. */
export function countsOf(demand: ProcessDemand): Map<string, number> {
  const counts = new Map<string, number>([['n', 1]]);
  for (const { name, rate, cost } of demand.keys) {
    const field = fieldOf(name);
    addTo(counts, `k${field}`, rate);
    if (demand.unit === 'spans') addTo(counts, `c${field}`, cost);
  }
  const { rate, cost, keys } = demand.overflow;
  addTo(counts, 'o', rate);
  addTo(counts, 'ow', rate * keys);
  if (demand.unit === 'spans') addTo(counts, 'oc', cost);
  addTo(counts, 'u', demand.unplanned);
  return counts;
}

function check(counts: FleetCounts): void {
  if (counts.size > MAX_FIELDS) throw new FleetError('garbage', `${counts.size} fields in a bucket`);
  for (const [field, value] of counts) {
    const isField = FIXED.has(field) || FIELD.test(field);
    if (!isField || !Number.isSafeInteger(value) || value < 0) {
      throw new FleetError('garbage', 'a bucket holds what no sampler wrote');
    }
  }
  const processes = counts.get('n') ?? 0;
  if (processes > MAX_PROCESSES || (processes === 0 && counts.size > 0)) {
    throw new FleetError('garbage', `a bucket of ${processes} processes`);
  }
}

/**
 * Reads a bucket.
 * @throws FleetError when it holds anything that {@link countsOf} does not write
 */
export function loadOf(counts: FleetCounts): Load {
  check(counts);
  const number = (field: string): number => (counts.get(field) ?? 0) / SCALE;
  const keys = new Map<string, { rate: number; cost: number }>();
  for (const [field, value] of counts) {
    if (!field.startsWith('k') || value === 0) continue;
    const key = field.slice(1);
    const rate = value / SCALE;
    keys.set(key, { rate, cost: counts.has(`c${key}`) ? number(`c${key}`) : rate });
  }
  const rate = number('o');
  const cost = counts.has('oc') ? number('oc') : rate;
  const overflow = { rate, cost, keys: rate === 0 ? 1 : Math.max(1, number('ow') / rate) };
  return { processes: counts.get('n') ?? 0, keys, overflow, unplanned: number('u') };
}

/** Whether a bucket holds at least what one process wrote to it. */
export function includes(all: FleetCounts, own: FleetCounts): boolean {
  for (const [field, value] of own) if ((all.get(field) ?? 0) < value) return false;
  return true;
}

/** The greater of two loads in each key: what may still be there of a member that was not heard of. */
export function greaterLoad(a: Load, b: Load): Load {
  const keys = new Map(a.keys);
  for (const [key, { rate, cost }] of b.keys) {
    const known = keys.get(key);
    keys.set(key, { rate: Math.max(rate, known?.rate ?? 0), cost: Math.max(cost, known?.cost ?? 0) });
  }
  return {
    processes: Math.max(a.processes, b.processes),
    keys,
    overflow: {
      rate: Math.max(a.overflow.rate, b.overflow.rate),
      cost: Math.max(a.overflow.cost, b.overflow.cost),
      keys: Math.max(a.overflow.keys, b.overflow.keys),
    },
    unplanned: Math.max(a.unplanned, b.unplanned),
  };
}
