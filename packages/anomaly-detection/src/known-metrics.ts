/**
 * What a metric tells, and so which change of it is bad:
 * - `traffic`: work that is asked for; less of it is bad.
 * - `work`: anything else that is counted; a multiple of it, or a fraction, is worth knowing.
 * - `errors`: more is bad.
 * - `time`: seconds a second spent on something; more is bad.
 * - `latency`: durations; longer is bad, shorter never is, and so is a larger share of failed ones.
 * - `size`: a distribution of sizes; both ways.
 * - `ratio`: a share from 0 to 1; more is bad.
 * - `memory`: bytes held; more is bad, and steady growth is.
 * - `depth`: length of a queue, things in flight; more is bad.
 * - `level`: any other gauge; both ways.
 * - `ignored`: says nothing by how it moves: constants, settings, timestamps, what only grows, and Sonde's own books.
 */
export type MetricRole =
  | 'traffic'
  | 'work'
  | 'errors'
  | 'time'
  | 'latency'
  | 'size'
  | 'ratio'
  | 'memory'
  | 'depth'
  | 'level'
  | 'ignored';

export interface KnownMetric {
  readonly role: MetricRole;
  /** Changes smaller than this are none, in the unit of the metric (a second for counters). Default: that of the role. */
  readonly least?: number;
  /** Latencies: slower than this is slow, in seconds. Default 0.1. */
  readonly slowFrom?: number;
  /** Memory: whether it grows by leaps by itself, so that only growth over many minutes says something. Default false. */
  readonly isJumpy?: boolean;
  /** Work that is asked for: a fall of its rate is bad. Default false for latencies, true for traffic. */
  readonly isTraffic?: boolean;
}

const IGNORED: KnownMetric = { role: 'ignored' };
const MEBIBYTE = 2 ** 20;

/**
 * What is known of metrics by name, from OpenTelemetry's semantic conventions and Sonde's own names. A name that ends in
 * `*` stands for all that begin so; the longest that fits counts.
 */
export const KNOWN_METRICS: Readonly<Record<string, KnownMetric>> = {
  // https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
  'http.server.request.duration': { role: 'latency', least: 0.02, isTraffic: true },
  'http.server.active_requests': { role: 'depth', least: 20 },
  'http.server.request.body.size': { role: 'size', least: 1024 },
  'http.server.response.body.size': { role: 'size', least: 1024 },
  'http.client.request.duration': { role: 'latency', least: 0.02 },
  'http.client.open_connections': { role: 'depth', least: 20 },
  'http.client.*': { role: 'level' },
  // https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/, database, messaging
  'rpc.server.duration': { role: 'latency', least: 20, slowFrom: 100, isTraffic: true },
  'rpc.server.call.duration': { role: 'latency', least: 0.02, isTraffic: true },
  'rpc.client.*duration': { role: 'latency', least: 0.02 },
  'db.client.operation.duration': { role: 'latency', least: 0.01, slowFrom: 0.05 },
  'db.client.connection.pending_requests': { role: 'depth', least: 5 },
  'db.client.connection.timeouts': { role: 'errors' },
  'db.client.connection.wait_time': { role: 'latency', least: 0.01, slowFrom: 0.05 },
  'messaging.process.duration': { role: 'latency', least: 0.02 },
  'messaging.client.operation.duration': { role: 'latency', least: 0.02 },
  'messaging.client.*': { role: 'work' },
  // https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/ and v8js-metrics/
  'nodejs.eventloop.delay.min': IGNORED,
  'nodejs.eventloop.delay.stddev': IGNORED,
  'nodejs.eventloop.delay.max': { role: 'latency', least: 0.2 },
  'nodejs.eventloop.delay.*': { role: 'latency', least: 0.05 },
  'nodejs.eventloop.utilization': { role: 'ratio', least: 0.25 },
  'nodejs.eventloop.time': { role: 'time', least: 0.25 },
  'v8js.gc.duration': { role: 'latency', least: 0.03, slowFrom: 0.1 },
  'v8js.memory.heap.limit': IGNORED,
  'v8js.memory.heap.used': { role: 'memory', least: 24 * MEBIBYTE },
  'v8js.heap.space.*': IGNORED,
  'v8js.memory.heap.space.*': IGNORED,
  'v8js.memory.*': IGNORED,
  // https://opentelemetry.io/docs/specs/semconv/system/process-metrics/
  'process.uptime': IGNORED,
  'process.memory.usage': { role: 'memory', least: 32 * MEBIBYTE, isJumpy: true },
  'process.memory.virtual': IGNORED,
  'process.cpu.time': { role: 'time', least: 0.25 },
  'process.cpu.utilization': { role: 'ratio', least: 0.25 },
  'process.context_switches': { role: 'work', least: 5000 },
  'process.paging.faults': { role: 'work', least: 5000 },
  'process.disk.io': { role: 'work', least: MEBIBYTE },
  'process.network.io': { role: 'work', least: MEBIBYTE },
  'process.unix.file_descriptor.count': { role: 'depth', least: 100 },
  'process.open_file_descriptor.count': { role: 'depth', least: 100 },
  'process.thread.count': { role: 'depth', least: 20 },
  // Sonde's own
  'sonde.vfs.operation.duration': { role: 'latency', least: 0.005, slowFrom: 0.01 },
  'sonde.vfs.operation.active': { role: 'depth', least: 50 },
  'sonde.vfs.operation.errors': { role: 'errors' },
  'sonde.vfs.io': { role: 'work', least: MEBIBYTE },
  'sonde.ipc.queue.wait': { role: 'latency', least: 0.02, slowFrom: 0.05 },
  'sonde.ipc.queue.depth': { role: 'depth', least: 50 },
  'sonde.ipc.undelivered.messages': { role: 'errors' },
  'sonde.ipc.atomics.wait.duration': IGNORED,
  'sonde.ipc.context.missed': IGNORED,
  'sonde.scheduler.eventloop.turn.duration': { role: 'latency', least: 0.05 },
  'sonde.scheduler.eventloop.blocked.time': { role: 'time', least: 0.2 },
  'sonde.scheduler.eventloop.*': IGNORED,
  'sonde.scheduler.pool.operation.duration': { role: 'latency', least: 0.05 },
  'sonde.scheduler.pool.wait': { role: 'latency', least: 0.05 },
  'sonde.scheduler.pool.queued': { role: 'depth', least: 20 },
  'sonde.scheduler.pool.queue.time': { role: 'time', least: 0.5 },
  'sonde.scheduler.pool.*': IGNORED,
  'sonde.scheduler.pressure.time': { role: 'time', least: 0.3 },
  'sonde.scheduler.cgroup.cpu.throttled.time': { role: 'time', least: 0.2 },
  'sonde.scheduler.cgroup.*': IGNORED,
  'sonde.scheduler.thread.cpu.time': { role: 'time', least: 0.25 },
  'sonde.scheduler.thread.run_queue.time': { role: 'time', least: 0.3 },
  'sonde.scheduler.thread.slices': IGNORED,
  'sonde.scheduler.threads': { role: 'depth', least: 20 },
  'sonde.sampling.*': IGNORED,
  'sonde.event_stream.*': IGNORED,
  'sonde.event_bridge.*': IGNORED,
  'sonde.causality.*': IGNORED,
  'sonde.anomaly.*': IGNORED,
  'sonde.hot_metrics.*': IGNORED,
  // https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
  'otel.sdk.exporter.span.exported': { role: 'work', least: 10 },
  'otel.sdk.exporter.operation.duration': { role: 'latency', least: 0.5, slowFrom: 1 },
  'otel.sdk.*': IGNORED,
  target_info: IGNORED,
  'target.info': IGNORED,
};

const BY_PREFIX = Object.entries(KNOWN_METRICS)
  .filter(([name]) => name.includes('*'))
  .sort(([a], [b]) => b.length - a.length)
  .map(([name, known]) => {
    const [prefix = '', suffix = ''] = name.split('*');
    return { prefix, suffix, known };
  });

const ERRORS = /error|fail|drop|reject|timeout|retr(?:y|ies)|evict|abort|exception|lost/i;
const CONSTANT = /(?:^|[._])(?:info|uptime|limit|max_size|capacity|version|build|timestamp|created|start_time)$/i;
const RATIO = /utilization|ratio|usage|share/i;
const DEPTH = /queue|pending|active|in_flight|waiting|backlog|open/i;
const LATENCY_UNITS: Readonly<Record<string, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

/** What the SDK says of a metric. */
export interface MetricShape {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
}

function roleOfCounter(name: string, unit: string): MetricRole {
  if (ERRORS.test(name)) return 'errors';
  return unit === 's' ? 'time' : 'work';
}

function roleOfGauge(name: string, unit: string): MetricRole {
  if (unit === '1' && RATIO.test(name)) return 'ratio';
  return DEPTH.test(name) ? 'depth' : 'level';
}

function roleOf({ name, unit, kind }: MetricShape): MetricRole {
  if (CONSTANT.test(name)) return 'ignored';
  if (kind === 'histogram') return Object.hasOwn(LATENCY_UNITS, unit) ? 'latency' : 'size';
  return kind === 'counter' ? roleOfCounter(name, unit) : roleOfGauge(name, unit);
}

/** What is known of a metric by its name; else what its unit, kind and the words in its name suggest. */
export function knownMetric(shape: MetricShape): KnownMetric {
  const { name, unit } = shape;
  if (Object.hasOwn(KNOWN_METRICS, name)) return KNOWN_METRICS[name] as KnownMetric;
  const fits = BY_PREFIX.find(({ prefix, suffix }) => name.startsWith(prefix) && name.endsWith(suffix));
  if (fits !== undefined) return fits.known;
  const role = roleOf(shape);
  const perSecond = role === 'latency' ? LATENCY_UNITS[unit] : undefined;
  return perSecond === undefined ? { role } : { role, least: 0.02 * perSecond, slowFrom: 0.1 * perSecond };
}
