import { hotMetricsFrom } from '@sonde/instrumentation-kit';
import { TELEMETRY } from './semantic-names.ts';

const OUTCOME = TELEMETRY.attributes.outcome.name;

/** What became of an event on its way to the logs. */
export type Outcome = 'logged' | 'held_back' | 'lost' | 'own' | 'failed';

/** Exact counts of events by outcome, as plain numbers and as metrics. */
export interface OutcomeCounts {
  readonly events: Readonly<Record<Outcome, number>>;
  readonly logRecords: number;
  count(outcome: Outcome, events: number): void;
  countLogRecord(): void;
}

/** Creates the counts of one bridge. The metrics are sums over all bridges of the thread. */
export function createOutcomeCounts(): OutcomeCounts {
  const instruments = hotMetricsFrom(TELEMETRY);
  const events: Record<Outcome, number> = { logged: 0, held_back: 0, lost: 0, own: 0, failed: 0 };
  let logRecords = 0;
  return {
    events,
    get logRecords(): number {
      return logRecords;
    },
    count(outcome, added): void {
      if (added <= 0) return;
      events[outcome] += added;
      instruments.bridged.bind({ [OUTCOME]: outcome }).add(added);
    },
    countLogRecord(): void {
      logRecords += 1;
      instruments.logRecords.bind().add(1);
    },
  };
}
