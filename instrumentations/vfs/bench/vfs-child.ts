/** One variant of the vfs benchmark: `vfs-child.ts OPERATION VARIANT FILE`. */
import type fs from 'node:fs';
import { createRequire } from 'node:module';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { serveRounds } from '../../../benchmarks/child.ts';
import { cpuNanosPerAsyncOp, cpuNanosPerOp } from '../../../benchmarks/rig.ts';

const [, , operation, variant, file] = process.argv as [string, string, string, string, string];
const SYNC_CALLS = 60_000;
const ASYNC_CALLS = 6_000;
const IN_FLIGHT = 32;

/** Takes spans and drops them: the peer is not charged for a network. */
const exporter: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: async () => {},
};

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function startSdk(): TracerProvider {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  return provider;
}

async function startSonde(enabled: boolean): Promise<void> {
  const { hotMetrics } = await import('@sonde/hot-metrics');
  const { VfsInstrumentation } = await import('@sonde/instrumentation-vfs');
  const vfs = new VfsInstrumentation({ enabled });
  if (!enabled) return;
  vfs.setTracerProvider(startSdk());
  const reader = new Reader({ metricProducers: [hotMetrics().producer({ temporality: 'cumulative' })] });
  vfs.setMeterProvider(new MeterProvider({ readers: [reader] }));
}

async function startPeer(isRecording: boolean): Promise<void> {
  const { FsInstrumentation } = await import('@opentelemetry/instrumentation-fs');
  const peer = new FsInstrumentation();
  if (isRecording) peer.setTracerProvider(startSdk());
  peer.enable();
}

async function start(): Promise<void> {
  if (variant === 'loaded but off') await startSonde(false);
  if (variant === 'on') await startSonde(true);
  if (variant === 'instrumentation-fs') await startPeer(false);
  if (variant === 'instrumentation-fs recording') await startPeer(true);
}

await start();
// Required after the start, as an application behind a preload would: instrumentation-fs patches on require.
const { statSync, existsSync, readFile } = createRequire(import.meta.url)('node:fs') as typeof fs;

function statMany(count: number): void {
  for (let i = 0; i < count; i++) statSync(file);
}

function existsMany(count: number): void {
  for (let i = 0; i < count; i++) existsSync(file);
}

function readMany(count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = 0;
    let finished = 0;
    const next = (error: Error | null): void => {
      finished += 1;
      if (error) reject(error);
      else if (finished === count) resolve();
      else if (started < count) begin();
    };
    const begin = (): void => {
      started += 1;
      readFile(file, next);
    };
    for (let i = 0; i < IN_FLIGHT; i++) begin();
  });
}

function round(): number | Promise<number> {
  switch (operation) {
    case 'statSync':
      return cpuNanosPerOp(SYNC_CALLS, statMany);
    case 'existsSync':
      return cpuNanosPerOp(SYNC_CALLS, existsMany);
    case 'readFile':
      return cpuNanosPerAsyncOp(ASYNC_CALLS, readMany);
    default:
      throw new RangeError(`vfs-child: no operation is called ${operation}`);
  }
}

serveRounds(() => {
  const span = trace.getTracer('vfs-bench').startSpan('request');
  return context.with(trace.setSpan(context.active(), span), round);
});
