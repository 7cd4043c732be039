import { hotMetrics } from '@sonde/hot-metrics';
import { hotMetricsFrom } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';
import type { FleetMember } from './fleet-member.ts';
import type { FleetFailure } from './types.ts';

/** Tells what became of a shared budget, when metrics are collected. */
export class FleetMetrics {
  readonly failures: Record<FleetFailure, number> = { error: 0, timeout: 0, garbage: 0, lost: 0, late: 0 };
  close: () => void = () => {};

  observe(member: FleetMember): void {
    const { lease, fleetSize, fleetFailures, fleetAge } = hotMetricsFrom(TELEMETRY);
    this.close = hotMetrics()
      .meter(TELEMETRY.scope, TELEMETRY.version)
      .observe(() => {
        lease.bind({}).set(member.budget.lease);
        fleetSize.bind({}).set(member.budget.processes);
        fleetAge.bind({}).set(Math.max(0, Date.now() - member.exchangedMs) / 1000);
        for (const [reason, count] of Object.entries(this.failures)) {
          fleetFailures.bind({ 'sonde.sampling.reason': reason }).advanceTo(count);
        }
      });
  }
}
