import { createDataFolders, type DataFolders } from './data.ts';
import { announcer, anomalyAnnouncer, introduce, type Live, type LiveState, startLive } from './live.ts';
import { type LoadLog, runLoad } from './load-run.ts';
import type { DemoOptions } from './options.ts';
import { DEMO_METRIC_INTERVAL_MS, hasSwitchedOff, preload } from './preload.ts';
import { describeExit, type Started, stop } from './processes.ts';
import { collectAnomalies } from './report/anomalies.ts';
import { demoReport } from './report/demo-report.ts';
import { collectFindings } from './report/findings.ts';
import { publish, publishTrace } from './report/publish.ts';
import { startScraping } from './scrape.ts';
import { startService } from './service-run.ts';
import { startSink } from './telemetry/sink.ts';
import { createTelemetryStore, type TelemetryStore } from './telemetry/store.ts';
import { createTimeline } from './telemetry/timeline.ts';
import { createTraceStore, type TraceStore } from './telemetry/traces.ts';

const STOP_PATIENCE_MS = 10_000;
const FAILED = 1;
const INTERRUPTED = 130;

/** What a run is made of. */
interface Run {
  readonly options: DemoOptions;
  readonly folders: DataFolders;
  readonly store: TelemetryStore;
  readonly traces: TraceStore;
  readonly live: Live;
  readonly state: LiveState;
  /** Aborted when the user, or whoever started us, has had enough. */
  readonly interrupted: AbortSignal;
}

/** The sample service under load, with faults, and the report on it. Sets the exit code: 0 when the run went through. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const controller = new AbortController();
  const onInterrupt = (): void => controller.abort();
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    if (hasSwitchedOff(process.env)) throw new Error('OTEL_SDK_DISABLED switches Sonde off: there would be no report');
    await withSurroundings(options, controller.signal);
    if (controller.signal.aborted) process.exitCode = INTERRUPTED;
  } catch (error) {
    process.stderr.write(`quickstart: ${(error as Error).message}\n`);
    process.exitCode = FAILED;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onInterrupt);
  }
}

/** Folders, receiver and progress line, all gone again afterwards. */
async function withSurroundings(options: DemoOptions, interrupted: AbortSignal): Promise<void> {
  const folders = createDataFolders(options.seed);
  const store = createTelemetryStore(Date.now);
  const traces = createTraceStore();
  store.onSpan(traces.add);
  const sink = await startSink(store.accept);
  const state: LiveState = { totalMs: options.seconds * 1_000, progress: undefined, injected: 0, reported: 0 };
  const live = startLive(state, process.stdout);
  try {
    await withService({ options, folders, store, traces, live, state, interrupted }, sink.url);
  } finally {
    live.end();
    await sink.close();
    folders.remove();
  }
}

async function withService(run: Run, sinkUrl: string): Promise<void> {
  const { options, folders, live } = run;
  const how = await preload(sinkUrl, process.env, DEMO_METRIC_INTERVAL_MS);
  const { service, target } = await startService(how, folders, options.traces);
  try {
    introduce(live, { ...options, target, metricsUrl: how.metricsUrl, remark: how.remark });
    await observe(run, { service, target, metricsUrl: how.metricsUrl });
  } finally {
    await stop(service, STOP_PATIENCE_MS);
  }
}

interface Running {
  readonly service: Started;
  readonly target: string;
  readonly metricsUrl: string;
}

async function observe(run: Run, { service, target, metricsUrl }: Running): Promise<void> {
  const { options, folders, store, traces, live, state, interrupted } = run;
  const startMs = Date.now();
  const pid = service.child.pid ?? 0;
  const findings = collectFindings(store, announcer(live, state, { pid, startMs }));
  const anomalies = collectAnomalies(store, anomalyAnnouncer(live, state, startMs));
  const timeline = createTimeline(pid);
  store.onMetrics(timeline.add);
  const scraping = startScraping(metricsUrl);
  let log: LoadLog;
  try {
    log = await runLoad({ options, target, dataDir: folders.data, live, state, startMs, interrupted, service });
  } finally {
    scraping.end();
  }
  // What is still on its way is delivered when the service ends in an orderly way.
  const exit = await stop(service, STOP_PATIENCE_MS);
  const elapsedMs = Date.now() - startMs;
  live.end();
  if (exit.code !== 0) throw new Error(`the service ended ${describeExit(exit)}; expected code 0`);
  if (store.metricNames().length === 0) throw new Error('the service exported no telemetry; is Sonde switched off?');
  const { samples } = timeline;
  const scrapes = scraping.end();
  const found = { traces, samples, findings, anomalies };
  const facts = { options, store, pid, ...found, ...log, scrapes, target, startMs, elapsedMs };
  const report = demoReport(facts);
  publish(report, process.stdout, options.report);
  if (options.trace !== undefined) await publishTrace(traces, process.stdout, options.trace);
}
