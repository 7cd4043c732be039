import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { attributes, type Metric, startProtobufSink } from '../end-to-end/otlp-sink.ts';

const ROOT = join(__dirname, '..', '..');

/** One name that came out, with every attribute key that was ever seen on it. */
export interface Emitted {
  readonly scope: string;
  readonly name: string;
  readonly keys: Set<string>;
}

export interface EmittedMetric extends Emitted {
  readonly unit: string;
  readonly instrument: string;
}

/** Everything that a process with everything on exported, and the events that it saw. */
export interface Inventory {
  readonly metrics: EmittedMetric[];
  readonly spans: Emitted[];
  readonly logs: Emitted[];
  readonly events: { readonly name: string; readonly keys: readonly string[] }[];
  readonly stderr: string;
  readonly code: number | null;
}

function instrumentOf({ sum, gauge, histogram }: Metric): string {
  if (sum) return sum.isMonotonic === true ? 'counter' : 'updowncounter';
  if (gauge) return 'gauge';
  return histogram ? 'histogram' : 'unknown';
}

function pointsOf({ sum, gauge, histogram }: Metric): readonly { attributes?: unknown }[] {
  return (sum ?? gauge ?? histogram)?.dataPoints ?? [];
}

/** The entry of a name, made at its first appearance, with more keys. */
function note<T extends Emitted>(all: T[], entry: Omit<T, 'keys'>, keys: Iterable<string>): void {
  let known = all.find(({ scope, name }) => scope === entry.scope && name === entry.name);
  if (known === undefined) {
    known = { ...entry, keys: new Set() } as unknown as T;
    all.push(known);
  }
  for (const key of keys) known.keys.add(key);
}

const RELEVANT = /^(SONDE_|OTEL_|NODE_OPTIONS|NODE_ENV|JEST_)/;

function environment(endpoint: string): NodeJS.ProcessEnv {
  const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !RELEVANT.test(name)));
  return {
    ...plain,
    SONDE_PRESET: 'development',
    SONDE_TRACES_PER_SECOND: '1000',
    SONDE_SLOW_THRESHOLD_MS: '1',
    SONDE_BLOCKED_THRESHOLD_MS: '200',
    SONDE_STREAM_SIZE: '1024',
    SONDE_ANOMALY_INTERVAL_MS: '100',
    // One thread: operations wait for each other however fast the machine is.
    UV_THREADPOOL_SIZE: '1',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
  };
}

/** Runs the program with the preload and an OTLP receiver, and lists what came out. */
export async function takeInventory(): Promise<Inventory> {
  const sink = await startProtobufSink();
  const program = join(__dirname, 'everything.ts');
  const child = spawn(process.execPath, ['--conditions=@sonde/source', '--import', '@sonde/node/register', program], {
    cwd: ROOT,
    env: environment(sink.url),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  await sink.close();
  const metrics: EmittedMetric[] = [];
  const spans: Emitted[] = [];
  const logs: Emitted[] = [];
  for (const { item, scope } of sink.metrics) {
    const keys = pointsOf(item).flatMap((point) => Object.keys(attributes(point.attributes as never)));
    note(metrics, { scope, name: item.name ?? '', unit: item.unit ?? '', instrument: instrumentOf(item) }, keys);
  }
  for (const { item, scope } of sink.spans) {
    note(spans, { scope, name: item.name ?? '' }, Object.keys(attributes(item.attributes)));
  }
  for (const { item, scope } of sink.logs) {
    note(logs, { scope, name: item.eventName ?? '' }, Object.keys(attributes(item.attributes)));
  }
  const seen = JSON.parse(stdout === '' ? '{}' : stdout) as Record<string, string[]>;
  const events = Object.entries(seen).map(([name, keys]) => ({ name, keys }));
  return { metrics, spans, logs, events, stderr, code };
}
