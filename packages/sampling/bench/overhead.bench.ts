/**
 * The overhead governor against the truth: the CPU time that the event-loop thread of an HTTP service takes beyond that of
 * the same service with plain NodeSDK, instrumentation-http and an AlwaysOff sampler, at 500 requests/s of 11 spans each.
 * All services run at once and get the requests in turns, so that each moment of the machine is the same for all of them.
 * Then, with the default target, through a tenfold step of the load: from 200 to 2,000 requests/s, what two cores bear.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Benchmark,
  type BenchmarkOptions,
  type BenchmarkResult,
  exactGate,
  median,
  type Row,
  row,
} from '../../../benchmarks/rig.ts';
import { type MeasuredService, type ServiceUsage, startMeasuredService } from './overhead/measured-service.ts';
import { PacedLoad } from './overhead/paced-load.ts';

const PER_SECOND = 500;
/** The code of a service gets faster for a while; both figures follow. */
const WARMUP_MS = 15_000;
/** Two periods of the batch processor, so that each window holds as many exports. */
const WINDOW_MS = 10_000;
const STEP = { low: 200, high: 2000, target: 0.01, tracesPerSecond: 2 };
/** Of a request, within its server span. With more, deciding alone would take most of the target after the step. */
const SPANS_INSIDE = { agreement: 10, step: 1 };
const CALM_SECONDS = 20;
const SETTLING_SECONDS = 5;
const HELD_SECONDS = 25;

const OFF = 'AlwaysOff';
const TWIN = `${OFF} (A/A)`;
const GOVERNED = 'governed';

type Environment = Readonly<Record<string, string>>;

/** A collector that takes everything. */
async function startReceiver(): Promise<{ server: Server; env: Environment }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.setHeader('content-type', 'application/x-protobuf');
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } };
}

interface Setting {
  readonly tracesPerSecond: number;
  readonly target: number;
  readonly spansInside: number;
}

function governedBy(env: Environment, { tracesPerSecond, target, spansInside }: Setting): Environment {
  return {
    ...env,
    SPANS_INSIDE: String(spansInside),
    TRACES_PER_SECOND: String(tracesPerSecond),
    OVERHEAD_TARGET: String(target),
  };
}

/** Microseconds of the event-loop thread for each request, by its CPU clock and as the governor says. */
function perRequest(before: ServiceUsage, after: ServiceUsage): { cpu: number; told: number } {
  const requests = after.requests - before.requests;
  const spentMs = (after.governor?.spentMs ?? 0) - (before.governor?.spentMs ?? 0);
  return { cpu: (after.threadMicros - before.threadMicros) / requests, told: (spentMs * 1000) / requests };
}

async function usages(services: readonly MeasuredService[]): Promise<ServiceUsage[]> {
  return await Promise.all(services.map((service) => service.usage()));
}

interface Agreement {
  readonly cpu: Readonly<Record<string, number[]>>;
  readonly difference: number[];
  readonly told: number[];
}

async function measureAgreement(env: Environment, { rounds, log }: BenchmarkOptions): Promise<Agreement> {
  const setting = { tracesPerSecond: 20, target: 1, spansInside: SPANS_INSIDE.agreement };
  const names = [OFF, GOVERNED, TWIN];
  const preloads = ['./always-off.ts', './governed.ts', './always-off.ts'];
  const services = await Promise.all(
    preloads.map((preload) => startMeasuredService(preload, governedBy(env, setting))),
  );
  const load = new PacedLoad(
    services.map(({ url }) => url),
    PER_SECOND,
  );
  const cpu: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const difference: number[] = [];
  const told: number[] = [];
  try {
    await sleep(WARMUP_MS);
    let before = await usages(services);
    for (let round = 0; round < rounds; round += 1) {
      await sleep(WINDOW_MS);
      const after = await usages(services);
      const taken = after.map((usage, i) => perRequest(before[i]!, usage));
      before = after;
      for (const [i, name] of names.entries()) cpu[name]?.push(taken[i]!.cpu);
      difference.push(taken[1]!.cpu - (taken[0]!.cpu + taken[2]!.cpu) / 2);
      told.push(taken[1]!.told);
      const shown = taken.map((figure) => figure.cpu.toFixed(1)).join('  ');
      log(
        `window ${round + 1}/${rounds}  us/request ${shown}  difference ${difference.at(-1)?.toFixed(1)}  told ${told.at(-1)?.toFixed(1)}`,
      );
    }
  } finally {
    load.close();
    for (const service of services) await service.close();
  }
  if (load.skipped > 0) log(`${load.skipped} requests were not sent: the machine was too slow`);
  return { cpu, difference, told };
}

function judgeAgreement({ cpu, difference, told }: Agreement): BenchmarkResult {
  const micros = 'us/request';
  const rows: Row[] = [
    ...Object.entries(cpu).map(([name, rounds]) => row(name, rounds, micros)),
    row('difference, measured', difference, micros),
    row('difference, as the governor tells it', told, micros),
  ];
  const errors = difference.map((real, i) => told[i]! / real - 1);
  const twins = cpu[OFF]!.map((figure, i) => (cpu[TWIN]![i]! - figure) / difference[i]!);
  const measured = Math.abs(median(errors));
  // What half of the A/A difference would do to the difference that is compared with.
  const noise = Math.abs(median(twins)) / 2;
  const reach = '<= 0.3';
  const gate = "the governor's figure against the measured difference";
  return { rows, gates: [{ gate, reach, measured, noise, holds: measured + noise <= 0.3 }] };
}

interface Stepped {
  readonly calm: number[];
  readonly held: number[];
  readonly achieved: number;
}

async function watch(service: MeasuredService, seconds: number, log: (line: string) => void): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < seconds; i += 1) {
    await sleep(1000);
    const { governor } = await service.usage();
    if (governor === undefined) throw new Error('overhead: the service has no governor');
    seen.push(governor.overhead);
    log(
      `  overhead ${governor.overhead.toFixed(4)} of ${governor.target}, recorded fraction ${governor.recordFraction.toFixed(4)}`,
    );
  }
  return seen;
}

async function measureStep(env: Environment, log: (line: string) => void): Promise<Stepped> {
  const service = await startMeasuredService(
    './governed.ts',
    governedBy(env, { ...STEP, spansInside: SPANS_INSIDE.step }),
  );
  const load = new PacedLoad([service.url], STEP.low);
  try {
    const calm = await watch(service, CALM_SECONDS, log);
    load.perSecond = STEP.high;
    log(`from ${STEP.low} to ${STEP.high} requests/s`);
    await watch(service, SETTLING_SECONDS, log);
    const before = await service.usage();
    const held = await watch(service, HELD_SECONDS, log);
    const after = await service.usage();
    return { calm, held, achieved: ((after.requests - before.requests) * 1000) / (after.atMs - before.atMs) };
  } finally {
    load.close();
    await service.close();
  }
}

export const benchmark: Benchmark = {
  name: 'overhead',
  description:
    'the overhead governor: its own figure beside measured CPU time, and its target through a step of the load',
  async run(options) {
    const { server, env } = await startReceiver();
    try {
      const agreement = judgeAgreement(await measureAgreement(env, options));
      const { calm, held, achieved } = await measureStep(env, options.log);
      const worst = Math.max(...held) / STEP.target;
      const rows = [
        row(`overhead at ${STEP.low} requests/s`, calm, '1'),
        row(`overhead at ${STEP.high} requests/s, from the sixth second on`, held, '1'),
        row('requests/s after the step', [achieved], 'requests/s'),
      ];
      return {
        rows: [...agreement.rows, ...rows],
        gates: [
          ...agreement.gates,
          exactGate('worst second from the sixth after a tenfold step, against the target', '<= 1.5', worst),
          exactGate('requests/s after the step, against those wanted', '>= 0.95', achieved / STEP.high),
        ],
      };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
};
