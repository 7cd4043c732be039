import { parseArgs } from 'node:util';
import {
  type CriticalPath,
  criticalPath,
  formatCriticalPath,
  formatTrace,
  toChromeTrace,
  writeChromeTrace,
} from '@sonde/causality';
import { outputFile } from './output-file.ts';
import { type RequestSpans, runService } from './service-run.ts';

const HELP = `Trace across threads

  npm start -w examples/trace-across-threads

Options
  --out FILE   where the trace for Perfetto and speedscope goes   default trace.json in the example's folder
  --help       this text
`;

/** Runs the service twice, and prints one request of each run. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { out: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  heading('Without @sonde/instrumentation-ipc: SONDE_INSTRUMENTATIONS=http,scheduler');
  tell(await runService('http,scheduler'));

  heading('With it: SONDE_INSTRUMENTATIONS=http,scheduler,ipc');
  const whole = await runService('http,scheduler,ipc');
  tell(whole);

  heading('Its critical path');
  const spans = [...whole.traces.values()].flat();
  print(formatCriticalPath(criticalPath(spans)));

  // npm runs the example in its folder, and keeps the one that the user stands in.
  const { file, shown } = outputFile(values.out, process.env.INIT_CWD ?? process.cwd());
  await writeChromeTrace(file, toChromeTrace(spans));
  print(`Open ${shown} in https://ui.perfetto.dev or https://www.speedscope.app`);
}

function tell({ traces }: RequestSpans): void {
  const pieces = [...traces.values()].map((spans) => criticalPath(spans)).sort(byStart);
  print(
    `One request, ${pieces.length === 1 ? '1 trace' : `${pieces.length} traces that know nothing of each other`}:\n`,
  );
  for (const piece of pieces) print(formatTrace(piece));
}

/** Starts are whole milliseconds: of two that are equal, the longer one is the one around. */
function byStart(a: CriticalPath, b: CriticalPath): number {
  return a.startTimeMs - b.startTimeMs || b.durationMs - a.durationMs;
}

function heading(title: string): void {
  print(`── ${title} ${'─'.repeat(Math.max(2, 90 - title.length))}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
