/** The shared memory of the libuv pool account: totals for all threads, and a slot for each thread's own share. */

/** Threads that can be told apart; what later ones leave behind when they are terminated stays in the account. */
export const SLOTS = 256;
// int32 cells
export const FAST = 0;
export const SLOW = 1;
export const LOCK = 2;
export const MAX_IN_FLIGHT = 3;
export const SLOT_CELLS = 4;
export const SLOT_WIDTH = 3; // owner (thread id + 1), fast, slow
export const INT_CELLS: number = SLOT_CELLS + SLOTS * SLOT_WIDTH;
// float64 cells
export const LAST_MS = 0;
export const QUEUE_MS = 1;
export const SATURATED_MS = 2;
export const RETIRED_OPERATIONS = 3;
export const SLOT_OPERATIONS = 4;
/** Where the queue begins; see `PoolQueue`. */
export const QUEUE_OFFSET: number = (SLOT_OPERATIONS + SLOTS) * 8 + INT_CELLS * 4;
/** Operations in the queue whose start is known at once; one that comes when as many wait is not followed. */
export const QUEUE_SLOTS = 16_384;
// int32 cells of the queue
export const QUEUE_LOCK = 0;
export const READERS = 1;
export const NEXT_TICKET = 2;
export const HEAD = 3;
export const TAIL = 4;
export const SLOW_HEAD = 5;
export const SLOW_TAIL = 6;
export const QUEUED_FAST = 7;
export const QUEUE_CELLS = 8;
/** Shared memory of one account. Pages that nothing was written to take no room. */
export const LIBUV_POOL_BYTES: number = QUEUE_OFFSET + QUEUE_SLOTS * (8 + 4 * 4) + QUEUE_CELLS * 4;

export const NO_SLOT = -1;
/** The ticket of an operation that did not have to wait, or that nobody follows. */
export const NO_TICKET = -1;

/** Claims a slot for a thread; {@link NO_SLOT} when all are taken. */
export function takeSlot(cells: Int32Array, owner: number): number {
  const known = findSlot(cells, owner);
  if (known !== NO_SLOT) return known;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (Atomics.compareExchange(cells, SLOT_CELLS + slot * SLOT_WIDTH, 0, owner + 1) === 0) return slot;
  }
  return NO_SLOT;
}

/** The slot of a thread, or {@link NO_SLOT}. */
export function findSlot(cells: Int32Array, owner: number): number {
  for (let slot = 0; slot < SLOTS; slot++) {
    if (Atomics.load(cells, SLOT_CELLS + slot * SLOT_WIDTH) === owner + 1) return slot;
  }
  return NO_SLOT;
}
