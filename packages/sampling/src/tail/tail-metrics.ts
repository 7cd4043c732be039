import { hotMetrics } from '@sonde/hot-metrics';
import { hotMetricsFrom, type InstrumentsOf } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';
import type { Outcome, TailAccount } from './tail-account.ts';
import type { TraceBuffer } from './trace-buffer.ts';

type Counter = InstrumentsOf<typeof TELEMETRY.metrics>['tailTraces'];
type Told = Map<Outcome, Readonly<Outcome>>;

const NOTHING: Readonly<Outcome> = { kept: 0, dropped: 0 };

/** Adds what has been counted since it was told last: there may be other tail processors. */
function tell(counter: Counter, told: Told, outcome: Outcome, attributes: Record<string, string> = {}): void {
  const { kept, dropped } = outcome;
  const before = told.get(outcome) ?? NOTHING;
  told.set(outcome, { kept, dropped });
  counter.bind({ ...attributes, 'sonde.sampling.decision': 'kept' }).add(kept - before.kept);
  counter.bind({ ...attributes, 'sonde.sampling.decision': 'dropped' }).add(dropped - before.dropped);
}

/** Tells metrics what a tail processor does, when they are collected. Returns what ends it. */
export function reportTail(account: TailAccount, buffer: TraceBuffer): () => void {
  const instruments = hotMetricsFrom(TELEMETRY);
  const told: Told = new Map();
  return hotMetrics()
    .meter(TELEMETRY.scope, TELEMETRY.version)
    .observe(() => {
      for (const [reason, outcome] of Object.entries(account.traces)) {
        tell(instruments.tailTraces, told, outcome, { 'sonde.sampling.reason': reason });
      }
      tell(instruments.tailEvictions, told, account.evicted);
      tell(instruments.tailLate, told, account.late);
      instruments.tailSpans.bind({}).set(buffer.spans);
      instruments.tailMemory.bind({}).set(buffer.bytes);
    });
}
