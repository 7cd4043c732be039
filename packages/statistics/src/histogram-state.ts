import { resolveHistogramConfig } from './histogram-config.ts';
import type { BucketRun, LogLinearHistogramState } from './types.ts';

/** Checks a state that may come from a file. @throws TypeError or RangeError that names the field */
export function readHistogramState(state: LogLinearHistogramState): LogLinearHistogramState {
  if (typeof state !== 'object' || state === null) {
    throw new TypeError(`LogLinearHistogram state: must be an object, got ${String(state)}`);
  }
  if (state.version !== 1) {
    throw new RangeError(`LogLinearHistogram state: version must be 1, got ${String(state.version)}`);
  }
  const { bucketsPerOctave, minExponent, maxExponent } = resolveHistogramConfig(state);
  const lowest = minExponent * bucketsPerOctave;
  const highest = maxExponent * bucketsPerOctave;
  const positive = checkRun('positive', state.positive, lowest, highest);
  const negative = checkRun('negative', state.negative, lowest, highest);
  const isEmpty = state.zeroCount === 0 && positive.counts.length === 0 && negative.counts.length === 0;
  checkNumber('sum', state.sum, Number.NEGATIVE_INFINITY);
  checkNumber('zeroCount', state.zeroCount, 0);
  checkNumber('invalidCount', state.invalidCount, 0);
  if (!isEmpty) {
    checkNumber('min', state.min, Number.NEGATIVE_INFINITY);
    checkNumber('max', state.max, state.min as number);
  }
  return state;
}

function checkRun(field: string, run: BucketRun, lowest: number, highest: number): BucketRun {
  if (typeof run !== 'object' || run === null || !Array.isArray(run.counts)) {
    throw new TypeError(`LogLinearHistogram state: ${field} must be {offset, counts}`);
  }
  const last = run.offset + run.counts.length - 1;
  if (run.counts.length > 0 && !(Number.isInteger(run.offset) && run.offset >= lowest && last <= highest)) {
    throw new RangeError(
      `LogLinearHistogram state: ${field} must lie within bucket ${lowest}..${highest}, got ${run.offset}..${last}`,
    );
  }
  for (const [i, count] of run.counts.entries()) {
    checkNumber(`${field}.counts[${i}]`, count, 0);
  }
  return run;
}

function checkNumber(field: string, value: unknown, atLeast: number): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < atLeast) {
    throw new RangeError(`LogLinearHistogram state: ${field} must be a number >= ${atLeast}, got ${String(value)}`);
  }
}
