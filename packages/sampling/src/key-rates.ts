import { type KeyTable, MIN_LIMIT } from './key-table.ts';
import { isChange, keyRate, RARE_ARRIVALS, type Window } from './rate-estimate.ts';

/** An idle key gives its slot away when its rate (a second) has sunk to this: after a minute or so. */
const GONE_RATE = 1e-6;
/** How much the rate of keys that were not heard of is taken to follow the rate of all, at most. */
const MAX_FOLLOW = 100;

/**
 * Estimates the rate of every key of a table anew from what was counted in a window, and counts from zero again. Says at
 * which counts the next plan is due early, and gives away the slots of keys that are gone.
 * @param intervalSeconds between plans while nothing surprising happens
 */
export function estimateRates(table: KeyTable, window: Window, intervalSeconds: number): void {
  for (let slot = 0; slot < table.slots; slot += 1) {
    if (table.isUsed[slot] === 0) continue;
    const rate = keyRate(table.rate[slot] as number, table.count[slot] as number, window);
    table.rate[slot] = rate;
    table.count[slot] = 0;
    const mean = rate * intervalSeconds;
    table.limit[slot] = Math.max(MIN_LIMIT, 2 * mean + 4 * Math.sqrt(mean));
    if (rate < GONE_RATE && !table.isShared(slot)) table.evict(slot);
  }
  if (table.isCrowded) table.makeRoom(RARE_ARRIVALS / window.smoothing);
}

/**
 * When the rate of all changes at once, a short window tells the new rate of busy keys only. The others are taken to have
 * changed as what is left did: else a step would be answered key by key, over seconds. New keys are taken at their word.
 * @param all the rate of all keys before, and how many arrivals the window has seen
 * @returns what the rates of the others are to be multiplied by
 */
export function followFactor(
  table: KeyTable,
  { rate, seen }: { readonly rate: number; readonly seen: number },
  seconds: number,
): number {
  if (!isChange(rate * seconds, seen)) return 1;
  let left = seen / seconds;
  let before = 0;
  for (let slot = 0; slot < table.slots; slot += 1) {
    if (table.isUsed[slot] === 0) continue;
    const known = table.rate[slot] as number;
    const count = table.count[slot] as number;
    if (known === 0 || isChange(known * seconds, count)) left -= count / seconds;
    else before += known;
  }
  return before === 0 ? MAX_FOLLOW : Math.min(MAX_FOLLOW, Math.max(1 / MAX_FOLLOW, left / before));
}
