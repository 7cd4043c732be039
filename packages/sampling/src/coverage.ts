/** Kept traces to expect in the rest of a period that are as good as one; the rate of a key may be well below its estimate. */
const CERTAIN = 12;
/** The same while the account runs low. */
const LIKELY = 10;
/** Arrivals in the rest of a period that are a last chance. */
const FEW = 10;
/**
 * Whether a key may end its period without a kept trace.
 * @param arrivals to expect in the rest of the period
 * @param isAffordable whether the account is good for keys that will come again, too
 */
export function isDoubtful(arrivals: number, probability: number, isAffordable: boolean): boolean {
  const kept = arrivals * probability;
  return isAffordable ? kept < CERTAIN : kept < LIKELY && arrivals < FEW;
}
