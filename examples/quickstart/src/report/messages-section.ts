import type { MetricPoint } from '../telemetry/otlp.ts';
import type { ProcessTelemetry } from '../telemetry/store.ts';
import { points, summary } from './figures.ts';
import { count, duration } from './format.ts';
import { type Cell, flexible, left, lines, right, type Section, table, toned } from './model.ts';

const MOST_ROWS = 12;
const SENT = 'messaging.client.sent.messages';
const WAIT = 'sonde.ipc.queue.wait';
const PROCESSING = 'messaging.process.duration';
const MISSED = 'sonde.ipc.context.missed';

/** What threads and processes said to each other; undefined where they said nothing. */
export function messagesSection(store: ProcessTelemetry): Section | undefined {
  const channels = new Map<string, MetricPoint>();
  for (const name of [SENT, WAIT, PROCESSING])
    for (const point of points(store, name)) channels.set(keyOf(point), point);
  if (channels.size === 0) return undefined;
  const of = (name: string, key: string): MetricPoint[] => points(store, name).filter((point) => keyOf(point) === key);
  const rows = [...channels].map(([key, { origin, attributes }]) => {
    const sent = of(SENT, key).reduce((sum, { value }) => sum + value, 0);
    const wait = summary(of(WAIT, key));
    const processing = summary(of(PROCESSING, key));
    const missed = of(MISSED, key).reduce((sum, { value }) => sum + value, 0);
    return {
      weight: sent + processing.count,
      cells: [
        origin.service || '-',
        String(attributes.get('messaging.system') ?? '').replace(/^nodejs\./, ''),
        String(attributes.get('messaging.destination.name') ?? ''),
        count(sent),
        count(processing.count),
        duration(wait.quantile(0.5) * 1e3),
        duration(wait.quantile(0.99) * 1e3),
        duration(processing.quantile(0.99) * 1e3),
        missed === 0 ? '0' : toned(count(missed), 'warn'),
      ] as Cell[],
    };
  });
  const figures = ['sent', 'taken up', 'waited p50', 'p99', 'handled p99', 'traces missed'].map(right);
  return {
    title: 'Messages between threads and processes',
    blocks: [
      table(
        [flexible('process'), left('channel'), flexible('peer'), ...figures],
        rows
          .sort((a, b) => b.weight - a.weight)
          .slice(0, MOST_ROWS)
          .map(({ cells }) => cells),
      ),
      lines(toned('"waited" is from sending a message to its being taken up.', 'dim')),
    ],
  };
}

function keyOf({ origin, attributes }: MetricPoint): string {
  return JSON.stringify([
    origin.service,
    attributes.get('messaging.system') ?? '',
    attributes.get('messaging.destination.name') ?? '',
  ]);
}
