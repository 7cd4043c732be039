import type { DistinctCounters } from './distinct-counters.ts';
import { type KeyTable, SHARED_SLOTS } from './key-table.ts';

/** A shared slot counts as its keys do, all of them together as a third of the table at most. */
export function weighShared(table: KeyTable, distinct: DistinctCounters): void {
  const most = table.capacity / 3;
  let sum = 0;
  for (let cell = 0; cell < SHARED_SLOTS; cell += 1) sum += distinct.estimate(cell);
  const scale = Math.min(1, most / Math.max(1, sum));
  for (let cell = 0; cell < SHARED_SLOTS; cell += 1) {
    table.weight[table.capacity + cell] = Math.max(1, distinct.estimate(cell) * scale);
  }
}
