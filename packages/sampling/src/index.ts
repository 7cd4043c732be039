export { followParent } from './parent-decision.ts';
export { encodeThreshold, NEVER, probabilityOf, thresholdOf } from './threshold.ts';
export type { Decision, SamplingResult } from './types.ts';
