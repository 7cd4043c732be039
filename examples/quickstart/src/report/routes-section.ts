import { NO_ROUTE, type TelemetryStore } from '../telemetry/store.ts';
import { points, summary } from './figures.ts';
import { count, duration, percent, plural } from './format.ts';
import { type Cell, flexible, left, lines, right, type Section, table, toned } from './model.ts';

const MOST_ROUTES = 20;
const HTTP_SERVER = 'http.server.request.duration';

interface RouteRow {
  readonly method: string;
  readonly route: string;
  readonly requests: number;
  readonly bad: number;
  /** Requests of which the span has arrived. */
  readonly seen: number;
  /** In milliseconds. */
  readonly quantile: (q: number) => number;
}

/** What was served, by method and route: counts from the metric, percentiles from the spans where there are any. */
function routeRows(store: TelemetryStore): RouteRow[] {
  const spans = new Map(store.routes().map((one) => [`${one.method} ${one.route}`, one]));
  const served = Map.groupBy(points(store, HTTP_SERVER), ({ attributes }) => {
    return `${attributes.get('http.request.method') ?? ''} ${attributes.get('http.route') ?? NO_ROUTE}`;
  });
  return [...new Set([...served.keys(), ...spans.keys()])]
    .map((key) => {
      const span = spans.get(key);
      const found = served.get(key) ?? [];
      const all = summary(found);
      const failed = found.filter(({ attributes }) => Number(attributes.get('http.response.status_code')) >= 500);
      const durationsMs = span?.durationsMs;
      const [method = '', route = ''] = key.split(/ (.*)/s);
      return {
        method,
        route,
        requests: found.length > 0 ? all.count : (durationsMs?.count ?? 0),
        bad: found.length > 0 ? summary(failed).count : (span?.errors ?? 0),
        seen: durationsMs?.count ?? 0,
        quantile: (q: number) => (durationsMs === undefined ? all.quantile(q) * 1e3 : durationsMs.quantile(q)),
      };
    })
    .sort((a, b) => b.requests - a.requests);
}

/** Requests, errors and percentiles of each route. */
export function routesSection(store: TelemetryStore): Section {
  const rows = routeRows(store);
  if (rows.length === 0) return { title: 'Routes', blocks: [lines(toned('No HTTP request was served.', 'dim'))] };
  const columns = [
    left('method'),
    flexible('route'),
    ...['requests', 'errors', 'rate', 'p50', 'p95', 'p99'].map(right),
  ];
  const cells = rows
    .slice(0, MOST_ROUTES)
    .map(({ method, route, requests, bad, quantile }): Cell[] => [
      method,
      route,
      count(requests),
      bad === 0 ? '0' : toned(count(bad), 'bad'),
      percent(bad / requests),
      ...[0.5, 0.95, 0.99].map((q) => duration(quantile(q))),
    ]);
  const seen = rows.reduce((sum, row) => sum + row.seen, 0);
  const all = rows.reduce((sum, { requests }) => sum + requests, 0);
  const remarks = [
    ...(rows.length > MOST_ROUTES ? [`and ${plural(rows.length - MOST_ROUTES, 'more route')}`] : []),
    ...(seen < all
      ? [`percentiles from the spans of ${count(seen)} of ${count(all)} requests, else interpolated`]
      : []),
  ];
  return {
    title: 'Routes',
    blocks: [
      table(columns, cells),
      ...(remarks.length > 0 ? [lines(...remarks.map((text) => toned(text, 'dim')))] : []),
    ],
  };
}
