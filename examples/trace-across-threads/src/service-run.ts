import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PlainTraceSpan } from '@sonde/causality';
import { startCollector } from './collector.ts';

/** The first requests meet cold code. */
const REQUESTS = 5;
const PATIENCE_MS = 10_000;

/** Spans of the last request of a run, and how many traces they make. */
export interface RequestSpans {
  readonly traces: ReadonlyMap<string, readonly PlainTraceSpan[]>;
}

/** Runs the service with Sonde preloaded, asks it a few times, ends it, and returns the spans of the last request. */
export async function runService(instrumentations: string): Promise<RequestSpans> {
  const collector = await startCollector();
  const folder = mkdtempSync(join(tmpdir(), 'sonde-trace-across-threads-'));
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    WAREHOUSE_SOCKET: join(folder, 'warehouse.sock'),
    SONDE_INSTRUMENTATIONS: instrumentations,
    SONDE_SAMPLING_RATE: '1',
    SONDE_PROMETHEUS: 'false',
    SONDE_BANNER: '0',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
  };
  const running: Program[] = [];
  try {
    running.push(await start('warehouse', env));
    const gateway = await start('gateway', env);
    running.push(gateway);
    const { port } = gateway.address as { port: number };
    let lastStart = 0;
    for (let i = 0; i < REQUESTS; i += 1) {
      // Times of spans are whole milliseconds: none of the request before is to begin in the first one of this.
      await new Promise((resolve) => setTimeout(resolve, 5));
      lastStart = Date.now();
      await (await fetch(`http://127.0.0.1:${port}/quotes/${i}`)).text();
    }
    for (const program of running.reverse()) await stop(program);
    return { traces: tracesSince(collector.spans, lastStart) };
  } finally {
    for (const { child } of running) child.kill('SIGKILL');
    collector.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Program {
  readonly child: ChildProcess;
  /** Where it listens. */
  readonly address: unknown;
}

async function start(name: string, env: NodeJS.ProcessEnv): Promise<Program> {
  const file = new URL(`./service/${name}.ts`, import.meta.url).pathname;
  const preload = [import.meta.resolve('./identity.ts'), import.meta.resolve('@sonde/node/register')];
  const child = spawn(process.execPath, [...preload.flatMap((one) => ['--import', one]), file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it listened`)));
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited]);
  exited.catch(() => undefined);
  return { child, address: JSON.parse(String(line)) };
}

/** Ends a program as an operator would; it delivers what it has recorded. */
async function stop({ child }: Program): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(timer);
}

function tracesSince(spans: readonly PlainTraceSpan[], sinceMs: number): Map<string, PlainTraceSpan[]> {
  const traces = new Map<string, PlainTraceSpan[]>();
  for (const span of spans) {
    const [seconds, nanos] = span.start as [number, number];
    if (seconds * 1000 + nanos / 1e6 < sinceMs) continue;
    traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  }
  return traces;
}
