import type { Arena } from './arena.ts';

/** The relation of this thread to one that it started, or that has started it. */
export interface Link {
  readonly arena: Arena;
  /** What the other thread is called. */
  readonly destination: string;
  /** Whether this thread has started the other one. */
  readonly isDown: boolean;
}
