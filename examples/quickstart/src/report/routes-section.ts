import { estimate, type GroupEstimate } from '@sonde/sampling';
import { NO_ROUTE, type ProcessTelemetry } from '../telemetry/store.ts';
import { points, summary } from './figures.ts';
import { count, duration, percent, plural } from './format.ts';
import { type Cell, flexible, left, lines, right, type Section, table, toned } from './model.ts';

/** Rows of the tables of routes. */
export const MOST_ROUTES = 20;
const HTTP_SERVER = 'http.server.request.duration';

/** One route, from the metric (every request) and from the spans (those that were kept). */
export interface RouteRow {
  readonly method: string;
  readonly route: string;
  /** Counted by the metric. */
  readonly requests: number;
  readonly bad: number;
  /** From the spans that were kept; undefined if none was. */
  readonly sample: GroupEstimate | undefined;
  /** In milliseconds; of the metric, interpolated. */
  readonly quantile: (q: number) => number;
}

/** What was served, by method and route, busiest first. */
export function routeRows(store: ProcessTelemetry): RouteRow[] {
  const samples = new Map(estimate(store.requests()).groups.map((one) => [one.group, one]));
  const served = Map.groupBy(points(store, HTTP_SERVER), ({ attributes }) => {
    return `${attributes.get('http.request.method') ?? ''} ${attributes.get('http.route') ?? NO_ROUTE}`;
  });
  return [...new Set([...served.keys(), ...samples.keys()])]
    .map((key) => {
      const sample = samples.get(key);
      const found = served.get(key) ?? [];
      const all = summary(found);
      const failed = found.filter(({ attributes }) => Number(attributes.get('http.response.status_code')) >= 500);
      const [method = '', route = ''] = key.split(/ (.*)/s);
      return {
        method,
        route,
        requests: found.length > 0 ? all.count : (sample?.count.value ?? 0),
        bad: found.length > 0 ? summary(failed).count : (sample?.errors.value ?? 0),
        sample,
        quantile: (q: number) => all.quantile(q) * 1e3,
      };
    })
    .sort((a, b) => b.requests - a.requests);
}

function percentiles({ sample, quantile }: RouteRow): number[] {
  if (sample === undefined || sample.kept === 0) return [0.5, 0.95, 0.99].map(quantile);
  return [sample.p50Ms.value, sample.p95Ms.value, sample.p99Ms.value];
}

/** Requests, errors and percentiles of each route. */
export function routesSection(store: ProcessTelemetry): Section {
  const rows = routeRows(store);
  if (rows.length === 0) return { title: 'Routes', blocks: [lines(toned('No HTTP request was served.', 'dim'))] };
  const columns = [
    left('method'),
    flexible('route'),
    ...['requests', 'errors', 'rate', 'p50', 'p95', 'p99'].map(right),
  ];
  const cells = rows
    .slice(0, MOST_ROUTES)
    .map((row): Cell[] => [
      row.method,
      row.route,
      count(row.requests),
      row.bad === 0 ? '0' : toned(count(row.bad), 'bad'),
      percent(row.bad / row.requests),
      ...percentiles(row).map(duration),
    ]);
  const remarks = [
    ...(rows.length > MOST_ROUTES ? [`and ${plural(rows.length - MOST_ROUTES, 'more route')}`] : []),
    'requests and errors from the metric; percentiles estimated from the spans that were kept',
  ];
  return {
    title: 'Routes',
    blocks: [table(columns, cells), lines(...remarks.map((text) => toned(text, 'dim')))],
  };
}
