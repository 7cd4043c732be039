import { hotMetrics } from '@sonde/hot-metrics';
import { hotMetricsFrom } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';
import type { GovernorDescription } from './overhead-governor.ts';

/** Tells metrics what a governor does, when they are collected. Returns the undo. */
export function reportGovernor(describe: () => GovernorDescription): () => void {
  const instruments = hotMetricsFrom(TELEMETRY);
  return hotMetrics()
    .meter(TELEMETRY.scope, TELEMETRY.version)
    .observe(() => {
      const state = describe();
      instruments.overhead.bind({}).set(state.overhead);
      instruments.overheadTarget.bind({}).set(state.target);
      instruments.overheadUnreachable.bind({}).set(state.isUnreachable ? 1 : 0);
      instruments.recordFraction.bind({}).set(state.recordFraction);
      instruments.eventThinning.bind({}).set(state.eventThinning);
      instruments.emergency.bind({}).set(state.isEmergency ? 1 : 0);
      instruments.emergencies.bind({}).advanceTo(state.emergencies);
    });
}
