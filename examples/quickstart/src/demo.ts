import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDataFolders, type DataFolders } from './data.ts';
import { type Live, type LiveState, startLive } from './live.ts';
import type { Fault, LoadMessage, LoadSummary } from './load/protocol.ts';
import type { DemoOptions } from './options.ts';
import { preload } from './preload.ts';
import { onLine, type Started, startNode, stop } from './processes.ts';
import { demoReport } from './report/demo-report.ts';
import { collectFindings, culpritOf, type Finding } from './report/findings.ts';
import { clock, duration } from './report/format.ts';
import { publish } from './report/publish.ts';
import { startScraping } from './scrape.ts';
import { startSink } from './telemetry/sink.ts';
import { createTelemetryStore, type TelemetryStore } from './telemetry/store.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const LISTEN_PATIENCE_MS = 30_000;
const STOP_PATIENCE_MS = 10_000;
const MOST_AT_ONCE = 3;
const FAILED = 1;
const INTERRUPTED = 130;

/** What a run is made of. */
interface Run {
  readonly options: DemoOptions;
  readonly folders: DataFolders;
  readonly store: TelemetryStore;
  readonly live: Live;
  readonly state: LiveState;
  readonly faults: Fault[];
  readonly interrupted: AbortController;
  summary: LoadSummary | undefined;
}

/** The sample service under load, with faults, and the report on it. Sets the exit code: 0 when the run went through. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const folders = createDataFolders(options.seed);
  const store = createTelemetryStore(Date.now);
  const sink = await startSink(store.accept);
  const state: LiveState = { totalMs: options.seconds * 1_000, progress: undefined, injected: 0, reported: 0 };
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const live = startLive(state, process.stdout);
  try {
    await go({ options, folders, store, live, state, faults: [], interrupted, summary: undefined }, sink.url);
  } catch (error) {
    live.end();
    process.stderr.write(`quickstart: ${(error as Error).message}\n`);
    process.exitCode = FAILED;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onInterrupt);
    await sink.close();
    folders.remove();
  }
}

async function go(run: Run, sinkUrl: string): Promise<void> {
  const { options, folders, store, live, interrupted } = run;
  const { nodeArgs, env, metricsUrl, remark } = await preload(sinkUrl, process.env);
  const service = startNode([...nodeArgs, join(HERE, 'service', 'main.ts')], {
    env: {
      OTEL_SERVICE_NAME: 'quickstart-shop',
      ...env,
      PORT: '0',
      DATA_DIR: folders.data,
      CACHE_DIR: folders.cache,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const target = await listening(service);
  introduce(run, target, metricsUrl, remark);
  const startMs = Date.now();
  const findings = collectFindings(store, announcer(run, startMs));
  const scraping = startScraping(metricsUrl);
  await runLoad(run, target, startMs);
  const scrapes = scraping.end();
  const exit = await stop(service, STOP_PATIENCE_MS);
  live.end();
  if (exit.code !== 0) throw new Error(`the service ended with ${exit.signal ?? `code ${exit.code}`}; expected code 0`);
  if (store.counts.spans === 0) throw new Error('the service exported no telemetry; is Sonde switched off?');

  const { faults, summary } = run;
  const elapsedMs = Date.now() - startMs;
  const report = demoReport({
    options,
    store,
    findings,
    faults,
    summary,
    scrapes,
    target,
    startMs,
    elapsedMs,
  });
  publish(report, process.stdout, options.report);
  if (interrupted.signal.aborted) process.exitCode = INTERRUPTED;
}

/** The address that the service prints. @throws Error when it ends, or keeps silent */
async function listening(service: Started): Promise<string> {
  const address = new Promise<string>((resolve) => {
    onLine(service.child, (line) => {
      const [, url] = /^listening on (http:\S+)$/.exec(line) ?? [];
      if (url === undefined) process.stderr.write(`${line}\n`);
      else resolve(url);
    });
  });
  const ended = service.exited.then(({ code, signal }) => {
    throw new Error(`the service ended with ${signal ?? `code ${code}`} before it listened`);
  });
  const patience = sleep(LISTEN_PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the service did not listen within ${LISTEN_PATIENCE_MS / 1_000} s`);
  });
  try {
    return await Promise.race([address, ended, patience]);
  } catch (error) {
    service.child.kill('SIGKILL');
    throw error;
  } finally {
    patience.catch(() => undefined);
    ended.catch(() => undefined);
  }
}

function introduce({ options, live }: Run, target: string, metricsUrl: string, remark: string | undefined): void {
  const { seconds, rate, seed } = options;
  live.say(`A Fastify shop on ${target}, started with node --import @sonde/node/register.`);
  live.say(`Live metrics: ${metricsUrl}${remark === undefined ? '' : ` (${remark})`}`);
  live.say(`Load: ${rate} requests/s for ${seconds} s from another process, with faults; --seed ${seed} repeats it.`);
  live.say('');
}

async function runLoad(run: Run, target: string, startMs: number): Promise<void> {
  const { options, folders, live, state, interrupted } = run;
  const args = { target, data: folders.data, seconds: options.seconds, seed: options.seed, rate: options.rate };
  const load = startNode(
    [join(HERE, 'load', 'main.ts'), ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])],
    { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onLine(load.child, (line) => {
    const message = JSON.parse(line) as LoadMessage;
    if (message.type === 'progress') state.progress = message;
    if (message.type === 'summary') run.summary = message;
    if (message.type === 'fault') {
      run.faults.push(message);
      state.injected++;
      live.note(`  fault    at ${clock(message.startMs - startMs)}: ${describeFault(message)}`);
    }
    live.update();
  });
  interrupted.signal.addEventListener('abort', () => load.child.kill('SIGTERM'));
  const { code, signal } = await load.exited;
  if (interrupted.signal.aborted) return;
  if (code !== 0) throw new Error(`the load generator ended with ${signal ?? `code ${code}`}; expected code 0`);
}

function describeFault({ kind, route, durationMs, slowness, phase }: Fault): string {
  return kind === 'slow-file'
    ? `a slow file in ${route}, ${duration(durationMs)} (${slowness})`
    : `a blocked loop in ${route}, ${duration(durationMs)} (${phase} its first await)`;
}

/** Says what Sonde reports, as it arrives; of many at once the longest. */
function announcer({ state, live }: Run, startMs: number): (finding: Finding) => void {
  let fresh: Finding[] = [];
  const announce = (): void => {
    const at = clock(Date.now() - startMs);
    const sorted = fresh.sort((a, b) => b.durationMs - a.durationMs);
    for (const finding of sorted.slice(0, MOST_AT_ONCE)) live.note(`  Sonde    at ${at}: ${describeFinding(finding)}`);
    if (sorted.length > MOST_AT_ONCE) live.say(`           and ${sorted.length - MOST_AT_ONCE} shorter ones`);
    fresh = [];
  };
  return (finding) => {
    state.reported++;
    // One request of the exporter brings many: they are all here in the next turn.
    if (fresh.push(finding) === 1) setImmediate(announce);
  };
}

function describeFinding(finding: Finding): string {
  const took = duration(finding.durationMs);
  if (finding.kind === 'slow operation')
    return `${finding.operation} took ${took} on ${finding.mount || 'an unknown mount'}${finding.path === '' ? '' : `: ${finding.path}`}`;
  const { place, route } = finding;
  return `the loop was blocked for ${took} by ${culpritOf(finding) ?? 'something'}${place === '' ? '' : ` (${place})`}${route === '' ? '' : ` in ${route}`}`;
}
