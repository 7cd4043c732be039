import { type EventStream, eventStream } from '@sonde/event-stream';
import { hotMetrics } from '@sonde/hot-metrics';
import { claim, hotMetricsFrom } from '@sonde/instrumentation-kit';
import { TELEMETRY } from './semantic-names.ts';

/**
 * Reports what the stream itself did as metrics: events written, refused, thinned, consumed, overwritten, memory, threads; read at each
 * collection, never on a timer. For the thread that collects (the sums are over all its attached threads), once: a
 * second call does nothing. Returns an undo.
 */
export function observeEventStream(stream: EventStream = eventStream()): () => void {
  const unclaim = claim('event-bridge.stream-metrics');
  if (unclaim === undefined) return () => {};
  const instruments = hotMetricsFrom(TELEMETRY);
  const stop = hotMetrics()
    .meter(TELEMETRY.scope, TELEMETRY.version)
    .observe(() => {
      const { produced, dropped, thinned, consumed, overwritten, bytes, threads } = stream.statistics();
      instruments.events.bind().advanceTo(produced);
      instruments.refused.bind().advanceTo(dropped);
      instruments.thinned.bind().advanceTo(thinned);
      instruments.consumed.bind().advanceTo(consumed);
      instruments.overwritten.bind().advanceTo(overwritten);
      instruments.memory.bind().set(bytes);
      instruments.threads.bind().set(threads.length);
    });
  return () => {
    stop();
    unclaim();
  };
}
