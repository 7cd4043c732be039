import { shared } from '@sonde/event-stream';
import type { BoundCounter } from '@sonde/hot-metrics';
import { hotMetricsFrom } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';

export interface TimestampMetrics {
  readonly accepted: BoundCounter;
  readonly refused: BoundCounter;
  readonly omitted: BoundCounter;
}

function create(): TimestampMetrics {
  const { received, omitted } = hotMetricsFrom(TELEMETRY);
  const outcome = TELEMETRY.attributes.outcome.name;
  return {
    accepted: received.bind({ [outcome]: 'accepted' }),
    refused: received.bind({ [outcome]: 'refused' }),
    omitted: omitted.bind({}),
  };
}

/** The counters of this thread; nothing is allocated before the first message. */
export function timestampMetrics(): TimestampMetrics {
  return shared('causality.timestamps', create);
}
