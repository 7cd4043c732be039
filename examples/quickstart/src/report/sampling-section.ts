import type { Estimated } from '@sonde/sampling';
import type { ProcessTelemetry } from '../telemetry/store.ts';
import { count } from './format.ts';
import { type Cell, flexible, left, lines, right, type Section, table, toned } from './model.ts';
import { MOST_ROUTES, type RouteRow, routeRows } from './routes-section.ts';

/** An estimate as `1,240 ± 90`, in green where the interval holds the truth. */
function estimated({ value, low, high }: Estimated, truth: number): Cell {
  const isWithin = low <= truth && truth <= high;
  const margin = Math.max(value - low, high - value);
  const text = Number.isFinite(margin) ? `${count(value)} ± ${count(margin)}` : `${count(value)} or more`;
  return toned(text, isWithin ? 'good' : 'warn');
}

function cells({ method, route, requests, bad, sample }: RouteRow): Cell[] {
  const start: Cell[] = [method, route, count(requests)];
  if (sample === undefined) return [...start, '0', '-', count(bad), '-'];
  const { kept, unknown, errors } = sample;
  return [
    ...start,
    count(kept + unknown),
    estimated(sample.count, requests),
    count(bad),
    kept === 0 ? '-' : estimated(errors, bad),
  ];
}

/** What was kept of each route, and what follows from it, against what the metric counted. */
export function samplingSection(store: ProcessTelemetry, tracesPerSecond: number, elapsedMs: number): Section {
  const title = 'Traces kept, and what they tell';
  const rows = routeRows(store);
  if (rows.length === 0) return { title, blocks: [lines(toned('No HTTP request was served.', 'dim'))] };
  const traces = new Set(store.requests().map(({ traceId }) => traceId)).size;
  const known = rows.filter(({ sample }) => sample !== undefined && sample.kept > 0);
  const right95 = known.filter(({ sample, requests }) => {
    const { low, high } = sample?.count ?? { low: 0, high: 0 };
    return low <= requests && requests <= high;
  });
  return {
    title,
    blocks: [
      table(
        [
          left('method'),
          flexible('route'),
          ...['seen', 'kept', 'estimated from kept', 'errors', 'estimated errors'].map(right),
        ],
        rows.slice(0, MOST_ROUTES).map(cells),
      ),
      lines(
        `${count(traces)} traces were kept, ${(traces / (elapsedMs / 1000)).toFixed(1)} a second; the budget is ${count(tracesPerSecond)}.`,
        toned(
          `The 95 % interval of the estimate holds what was counted in ${right95.length} of ${known.length} routes.`,
          'dim',
        ),
      ),
    ],
  };
}
