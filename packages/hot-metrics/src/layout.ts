/**
 * How a series lies in a block: consecutive float64 cells.
 *
 * A block starts with `BLOCK_HEADER` cells; cell 0 is the number of the window that is open (see `collector.ts`), written
 * by the collector and read by each histogram record.
 */
export const BLOCK_HEADER = 8;
/** Index in the header of the open window's number. */
export const WINDOW = 0;
/**
 * 32-bit words in the header of a thread's first block: how often collectors have asked for fresh samples, up to which
 * request the thread has answered, and how many `observe` callbacks it has (0: nobody needs to ask).
 */
export const REQUESTS = 2;
export const ANSWERS = 3;
export const OBSERVERS = 4;

/** Each row: epoch milliseconds at which native recording began, 0 while it has not. */
export const START = 0;

/**
 * Counters: the total. It begins as -0, which the first `add`, also one of 0, turns into something else: that tells a
 * series that was only bound from one that was used, without a cell or a branch for it.
 */
export const TOTAL = 1;
export const COUNTER_CELLS = 2;

/** Gauges: the value, how often it was set, and when (epoch ms; 0 as long as there is only one thread). */
export const VALUE = 1;
export const UPDATES = 2;
export const TIME = 3;
export const GAUGE_CELLS = 4;

/** Histograms: the window in which the extremes were last begun, sum, extremes, then one count per bucket. */
export const STAMP = 1;
export const SUM = 2;
export const MIN = 3;
export const MAX = 4;
export const COUNTS = 5;

/** Cells of one exemplar slot; one slot per bucket follows the counts if the histogram keeps exemplars. */
export const EXEMPLAR_CELLS = 8;
