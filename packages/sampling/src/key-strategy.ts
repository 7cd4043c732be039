import type { Attributes } from '@opentelemetry/api';

/** Probabilities that somebody else decides on, per key. */
export interface KeyStrategy {
  /** The budget of all keys, where the plan decides on probabilities. */
  readonly budget: number | undefined;
  /**
   * The probability of a key; undefined leaves it to the plan, for all keys. Asked at each plan.
   * @param name as people read it
   * @param rate traces a second, 0 for a key never seen before
   */
  probabilityOf(name: string, rate: number): number | undefined;
  /** Attributes of a kept trace that begins here. */
  attributesOf(name: string, traceId: string, threshold: number): Attributes | undefined;
}
