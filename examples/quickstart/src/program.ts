import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { ProgramOptions } from './options.ts';
import { hasDestination, hasSwitchedOff, preload, preloadArgs } from './preload.ts';
import { type Exit, exitLike, startNode } from './processes.ts';
import { collectFindings } from './report/findings.ts';
import { programReport } from './report/program-report.ts';
import { publish, publishTrace } from './report/publish.ts';
import { startSink } from './telemetry/sink.ts';
import { createTelemetryStore } from './telemetry/store.ts';
import { createTraceStore } from './telemetry/traces.ts';

const USAGE = 2;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/**
 * The user's own program with Sonde preloaded: same stdin, stdout, signals, exit code. What the quickstart has to say
 * goes to stderr, so that output can be piped on.
 */
export async function runProgram({ file, args, report, trace }: ProgramOptions): Promise<void> {
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const script = findScript(file, cwd);
  if (script === undefined) {
    process.stderr.write(`quickstart: there is no program ${resolve(cwd, file)}; give the path of a JavaScript file\n`);
    process.exitCode = USAGE;
    return;
  }
  if (hasSwitchedOff(process.env) || hasDestination(process.env)) {
    process.stderr.write(
      hasSwitchedOff(process.env)
        ? `Sonde: not watching ${file}, OTEL_SDK_DISABLED switches it off\n`
        : `Sonde: watching ${file}; telemetry goes where the OTEL_* variables send it, so there is no report here\n`,
    );
    exitLike(await runToTheEnd(preloadArgs(), script, { args, cwd, env: process.env }));
    return;
  }
  const startMs = Date.now();
  const store = createTelemetryStore(Date.now);
  const findings = collectFindings(store);
  const traces = createTraceStore();
  store.onSpan(traces.add);
  const sink = await startSink(store.accept);
  const { nodeArgs, env, metricsUrl, remark } = await preload(sink.url, process.env);
  process.stderr.write(
    `Sonde: watching ${file}, metrics on ${metricsUrl}${remark === undefined ? '' : ` (${remark})`}\n`,
  );
  const exit = await runToTheEnd(nodeArgs, script, { args, cwd, env: { SONDE_BANNER: '0', ...env } });
  await sink.close();
  publish(
    programReport({ file, store, traces, findings, startMs, elapsedMs: Date.now() - startMs, exit }),
    process.stderr,
    report,
  );
  if (trace !== undefined) await publishTrace(traces, process.stderr, trace);
  exitLike(exit);
}

interface Surroundings {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs the program in our place: with our streams, and with the signals that we get. */
async function runToTheEnd(
  nodeArgs: readonly string[],
  script: string,
  { args, cwd, env }: Surroundings,
): Promise<Exit> {
  const { child, exited } = startNode([...nodeArgs, script, ...args], { env, cwd, stdio: 'inherit' });
  for (const signal of FORWARDED)
    process.on(signal, () => {
      // A terminal sends Ctrl-C and the like to the program as well: a second one would cut its shutdown short.
      if (!(process.stdin.isTTY && isFromTerminal(signal))) child.kill(signal);
    });
  return exited;
}

/** The file as Node would find it: with its ending or without, or a folder with an index. */
function findScript(file: string, cwd: string): string | undefined {
  try {
    return createRequire(join(cwd, 'noop.js')).resolve(resolve(cwd, file));
  } catch {
    return undefined;
  }
}

function isFromTerminal(signal: NodeJS.Signals): boolean {
  return signal === 'SIGINT' || signal === 'SIGQUIT';
}
