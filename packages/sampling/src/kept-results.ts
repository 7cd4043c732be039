import type { KeyStrategy } from './key-strategy.ts';
import { thresholdState } from './ot-member.ts';
import { NO_SLOT, type RootDecision } from './root-decision.ts';
import { encodeThreshold, thresholdOf } from './threshold.ts';
import { Decision, type SamplingResult } from './types.ts';

/** What an emergency leaves of each kind of trace. */
export const EMERGENCY_THRESHOLD: number = thresholdOf(0.01);

function keepAt(threshold: number): SamplingResult {
  return { decision: Decision.RECORD_AND_SAMPLED, traceState: thresholdState(encodeThreshold(threshold)) };
}

/** The results for traces that are kept: made once for each threshold of a key, then handed out again. */
export class KeptResults {
  readonly #decision: RootDecision;
  readonly #keepAll: SamplingResult = keepAt(0);
  readonly #keepInEmergency: SamplingResult = keepAt(EMERGENCY_THRESHOLD);

  constructor(decision: RootDecision) {
    this.#decision = decision;
  }

  /** The result for the trace that was decided last. */
  resultFor(traceId: string, threshold: number): SamplingResult {
    const { slot, engine, rule, strategy } = this.#decision;
    if (strategy !== undefined && slot !== NO_SLOT) return this.#byStrategy(strategy, traceId, threshold);
    if (threshold === 0) return this.#keepAll;
    if (threshold === EMERGENCY_THRESHOLD) return this.#keepInEmergency;
    if (slot === NO_SLOT && rule !== undefined) {
      rule.result ??= keepAt(threshold);
      return rule.result;
    }
    const { table } = engine;
    const known = table.result[slot];
    if (known !== undefined && table.resultThreshold[slot] === threshold) return known;
    const result = keepAt(threshold);
    table.result[slot] = result;
    table.resultThreshold[slot] = threshold;
    return result;
  }

  #byStrategy(strategy: KeyStrategy, traceId: string, threshold: number): SamplingResult {
    const { slot, engine } = this.#decision;
    const isMain = engine.table.pool[slot] === 0;
    const attributes = isMain
      ? strategy.attributesOf(engine.table.names[slot] as string, traceId, threshold)
      : undefined;
    return attributes === undefined ? keepAt(threshold) : { ...keepAt(threshold), attributes };
  }
}
