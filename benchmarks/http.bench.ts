/**
 * What Sonde costs a Fastify service, against the same service bare and with plain NodeSDK + instrumentation-http.
 *
 * Each round starts every variant afresh, so that the luck of one process (code layout, JIT order) is part of the noise
 * and not of the result; within a round the variants take turns second by second, so that a slow second of the machine
 * hits them all. Both observed variants read the same OTEL_* variables: they sample every request, export spans,
 * metrics and logs to the same OTLP receiver through the stock batch processor (which drops, in both, what it cannot
 * keep up with at full load) and hold a Prometheus endpoint open. Sonde does more besides: it learns the route, watches
 * the filesystem and the event loop, and keeps events.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CONNECTIONS, LOAD_TOOL } from './http/load.ts';
import { type LoadSample, type Service, type StartSample, startService, takeStartSample } from './http/sample.ts';
import {
  aaNoise,
  type Benchmark,
  type BenchmarkOptions,
  type BenchmarkResult,
  type Gate,
  median,
  type Row,
  ratioGate,
  row,
} from './rig.ts';

const PLAIN = 'plain NodeSDK';
const TWIN = `${PLAIN} (A/A)`;
const SONDE = 'Sonde, production preset';
const MIB = 2 ** 20;
const MOST_START_MS = 60;
const MOST_RSS_BYTES = 25e6;

const ROUTES = { memory: '/items/7', file: '/files/7' } as const;
type Route = keyof typeof ROUTES;
const ROUTE_NAMES = Object.keys(ROUTES) as Route[];
/** What V8 compiles counts as CPU time of the first requests: the first three or four seconds cost more than the others. */
const WARMUP_BURSTS = 4;
const BURSTS = 4;

const sonde = import.meta.resolve('@sonde/node/register');
const plain = new URL('./http/plain-sdk.ts', import.meta.url).href;

const PRELOADS: Readonly<Record<string, readonly string[]>> = {
  bare: [],
  [PLAIN]: ['--import', plain],
  [SONDE]: ['--import', sonde],
  [TWIN]: ['--import', plain],
};
const VARIANTS = Object.keys(PRELOADS);

type Env = Readonly<Record<string, string>>;

export const benchmark: Benchmark = {
  name: 'http',
  description: 'a Fastify service: bare, with plain NodeSDK + instrumentation-http, with Sonde',
  async run(options) {
    options.log(`load by ${LOAD_TOOL}, ${CONNECTIONS} connections`);
    const receiver = await startReceiver();
    const env: Env = {
      SONDE_PRESET: 'production',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
      OTEL_SERVICE_NAME: 'benchmark',
    };
    try {
      const results = [
        await measureLoad(env, options),
        await measureStarts(env, options),
        await measureEvents(env, options),
      ];
      return { rows: results.flatMap(({ rows }) => rows), gates: results.flatMap(({ gates }) => gates) };
    } finally {
      await receiver.close();
    }
  },
};

async function measureLoad(env: Env, { rounds, log }: BenchmarkOptions): Promise<BenchmarkResult> {
  const samples = new Map(ROUTE_NAMES.map((route) => [route, new Map<string, LoadSample[]>()]));
  for (let round = 0; round < rounds; round++) {
    const services = new Map<string, Service>();
    try {
      for (const variant of VARIANTS)
        services.set(variant, await startService({ nodeArgs: PRELOADS[variant] ?? [], env }));
      for (const route of ROUTE_NAMES) {
        const taken = await takeBursts([...services], ROUTES[route], round);
        const shown: string[] = [];
        for (const [variant, bursts] of taken) {
          const sample = middle(bursts.slice(WARMUP_BURSTS));
          const of = samples.get(route) ?? new Map<string, LoadSample[]>();
          of.set(variant, [...(of.get(variant) ?? []), sample]);
          shown.push(`${variant} ${(sample.cpuNanosPerRequest / 1_000).toFixed(1)} us`);
        }
        log(`${route} ${round + 1}/${rounds}  ${shown.join('  ')}`);
      }
    } finally {
      for (const service of services.values()) await service.close();
    }
  }
  const results = ROUTE_NAMES.map((route) => judgeLoad(route, samples.get(route) ?? new Map()));
  return { rows: results.flatMap((result) => result.rows), gates: results.flatMap((result) => result.gates) };
}

/** Bursts of every service in turns; the first of each only warm it up. */
async function takeBursts(
  services: readonly (readonly [variant: string, service: Service])[],
  path: string,
  round: number,
): Promise<Map<string, LoadSample[]>> {
  const taken = new Map<string, LoadSample[]>();
  for (let turn = 0; turn < WARMUP_BURSTS + BURSTS; turn++)
    for (let i = 0; i < services.length; i++) {
      const [variant, service] = services[(round + turn + i) % services.length] ?? [];
      if (variant !== undefined && service !== undefined)
        taken.set(variant, [...(taken.get(variant) ?? []), await service.burst(path)]);
    }
  return taken;
}

function middle(bursts: readonly LoadSample[]): LoadSample {
  return {
    cpuNanosPerRequest: median(bursts.map((burst) => burst.cpuNanosPerRequest)),
    requestsPerSecond: median(bursts.map((burst) => burst.requestsPerSecond)),
  };
}

function judgeLoad(route: Route, samples: Map<string, LoadSample[]>): BenchmarkResult {
  const cpu = rows(samples, `${route}: CPU per request`, 'ns/request', (sample) => sample.cpuNanosPerRequest);
  const rate = rows(samples, `${route}: throughput`, 'requests/s', (sample) => sample.requestsPerSecond);
  const ratio = (what: string, of: readonly Row[], reach: string): Gate =>
    ratioGate({
      gate: `http.${route}.${what}`,
      rows: of,
      numerator: byName(of, SONDE).name,
      denominator: byName(of, PLAIN).name,
      reach,
    });
  return {
    rows: [...cpu, ...rate],
    gates: [ratio('requests-per-second', rate, '>= 0.97'), ratio('cpu-per-request', cpu, '<= 1.03')],
  };
}

async function measureStarts(env: Env, options: BenchmarkOptions): Promise<BenchmarkResult> {
  const samples = await takeTurns<StartSample>(VARIANTS, options, {
    take: (variant) => takeStartSample({ nodeArgs: PRELOADS[variant] ?? [], env }, ROUTES.file),
    show: ({ startMs, rssBytes }) => `${Math.round(startMs)} ms ${Math.round(rssBytes / MIB)} MiB`,
  });
  const start = rows(samples, 'start-up', 'ms', (sample) => sample.startMs);
  const memory = rows(samples, 'memory', 'By', (sample) => sample.rssBytes);
  return {
    rows: [...start, ...memory],
    gates: [
      differenceGate({ gate: 'http.start-up-ms', rows: start, ours: SONDE, base: PLAIN, most: MOST_START_MS }),
      differenceGate({ gate: 'http.rss-bytes', rows: memory, ours: SONDE, base: PLAIN, most: MOST_RSS_BYTES }),
    ],
  };
}

/** One sample of each variant a round, in an order that rotates. */
async function takeTurns<T>(
  variants: readonly string[],
  { rounds, log }: BenchmarkOptions,
  { take, show }: { take: (variant: string) => Promise<T>; show: (sample: T) => string },
): Promise<Map<string, T[]>> {
  const samples = new Map<string, T[]>(variants.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const shown: string[] = [];
    for (let turn = 0; turn < variants.length; turn++) {
      const variant = variants[(round + turn) % variants.length] ?? '';
      const sample = await take(variant);
      samples.get(variant)?.push(sample);
      shown.push(`${variant} ${show(sample)}`);
    }
    log(`round ${round + 1}/${rounds}  ${shown.join('  ')}`);
  }
  return samples;
}

function rows<T>(samples: Map<string, T[]>, what: string, unit: string, of: (sample: T) => number): Row[] {
  return [...samples].map(([variant, taken]) => row(`${what}: ${variant}`, taken.map(of), unit));
}

interface DifferenceGateOptions {
  readonly gate: string;
  readonly rows: readonly Row[];
  readonly ours: string;
  readonly base: string;
  /** In the unit of the rows. */
  readonly most: number;
}

/** What `ours` adds to `base`, round by round; the noise is that of the A/A pair, in the same unit. */
function differenceGate({ gate, rows: of, ours, base, most }: DifferenceGateOptions): Gate {
  const baseRow = byName(of, base);
  const added = byName(of, ours).rounds.map((value, i) => value - (baseRow.rounds[i] ?? Number.NaN));
  const measured = median(added);
  const noise = aaNoise(of) * baseRow.median;
  return { gate, reach: `<= ${most}`, measured, noise, holds: measured <= most && noise < (most - measured) / 2 };
}

async function measureEvents(env: Env, options: BenchmarkOptions): Promise<BenchmarkResult> {
  const samples = await takeTurns(['idle', 'emit', 'idle (A/A)'], options, {
    take: (variant) => emitterShare(variant, env),
    show: (share) => share.toFixed(4),
  });
  const shares = rows(samples, '10k events/s', 'share of a core', (share) => share);
  const gate = 'http.cpu-of-10k-events-per-second';
  return { rows: shares, gates: [differenceGate({ gate, rows: shares, ours: 'emit', base: 'idle', most: 0.01 })] };
}

async function emitterShare(variant: string, env: Env): Promise<number> {
  const script = new URL('./http/emitter.ts', import.meta.url);
  const child = spawn(process.execPath, ['--import', sonde, script.pathname, variant], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { share, perSecond } = JSON.parse(await text(child.stdout)) as { share: number; perSecond: number };
  if (perSecond < 9_500) throw new Error(`emitter: must reach 10,000 events/s, got ${perSecond}`);
  return share;
}

/** Takes what the services export, and forgets it. */
async function startReceiver(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function byName(rows: readonly Row[], variant: string): Row {
  const found = rows.find(({ name }) => name.endsWith(`: ${variant}`));
  if (found === undefined) throw new RangeError(`no row is called ${variant}`);
  return found;
}
