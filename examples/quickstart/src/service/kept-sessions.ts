import { getHeapStatistics } from 'node:v8';

export interface BasketLine {
  readonly product: string;
  readonly count: number;
}

/** Sessions in the memory of the shop. */
export interface KeptSessions {
  keep(user: string, basket: readonly BasketLine[]): void;
  /** Oldest first. */
  users(): string[];
  dropAll(): void;
}

interface KeptLine extends BasketLine {
  readonly priceHistory: number[];
}

const HISTORY = 64;
const LINE_BYTES = 620;
const MOST_BYTES = 256 * 2 ** 20;
const MOST_OF_HEAP = 0.25;

/**
 * Keeps each session with the price history of everything in its basket, and forgets to let go of it: the leak of the
 * sample. At a quarter of the heap limit, or 256 MiB, the oldest session has to go, so that it stays a sample.
 */
export function createKeptSessions(mostBytes: number = quarterOfHeap()): KeptSessions {
  const mostLines = mostBytes / LINE_BYTES;
  const sessions: { readonly user: string; readonly lines: readonly KeptLine[] }[] = [];
  let total = 0;
  return {
    keep: (user, basket) => {
      const lines = basket.map(({ product, count }) => ({
        product,
        count,
        priceHistory: new Array<number>(HISTORY).fill(10 + count / 2),
      }));
      sessions.push({ user, lines });
      total += lines.length;
      while (total > mostLines && sessions.length > 0) total -= sessions.shift()?.lines.length ?? 0;
    },
    users: () => sessions.map(({ user }) => user),
    dropAll: () => {
      sessions.length = 0;
      total = 0;
    },
  };
}

function quarterOfHeap(): number {
  return Math.min(MOST_BYTES, getHeapStatistics().heap_size_limit * MOST_OF_HEAP);
}
