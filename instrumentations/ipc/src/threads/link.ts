import type { Peer } from '../account.ts';
import type { Arena } from './arena.ts';

/** The relation of this thread to one that it started, or that has started it. */
export interface Link extends Peer {
  readonly arena: Arena;
  /** What the other thread is called. */
  readonly destination: string;
}
