import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WriteStream } from 'node:tty';
import { toChromeTrace, writeChromeTrace } from '@sonde/causality';
import { plainSpans, type TraceStore } from '../telemetry/traces.ts';
import { renderHtml } from './html.ts';
import type { Report } from './model.ts';
import { renderText } from './text.ts';

const PLAIN_WIDTH = 120;
const WIDEST = 160;

/** Prints the report, and writes it to `file` in the form that its ending asks for. */
export function publish(report: Report, out: NodeJS.WriteStream, file: string | undefined): void {
  out.write(renderText(report, { width: widthOf(out), hasColour: hasColour(out) }));
  if (file === undefined) return;
  const path = pathOf(file);
  try {
    writeFileSync(path, rendered(report, file));
    out.write(`\nThe report is also in ${path}\n`);
  } catch (error) {
    tellFailure('--report', error);
  }
}

/** Writes the slowest request for ui.perfetto.dev and speedscope. */
export async function publishTrace(traces: TraceStore, out: NodeJS.WriteStream, file: string): Promise<void> {
  const slowest = traces.slowest();
  if (slowest === undefined) {
    out.write('\nNo trace was kept that could be written.\n');
    return;
  }
  const path = pathOf(file);
  try {
    await writeChromeTrace(path, toChromeTrace(plainSpans(slowest.spans)));
    out.write(`\nThe slowest trace is in ${path}; https://ui.perfetto.dev opens it\n`);
  } catch (error) {
    tellFailure('--trace', error);
  }
}

/** Where the user typed the command. */
function pathOf(file: string): string {
  return resolve(process.env.INIT_CWD ?? '.', file);
}

function tellFailure(option: string, error: unknown): void {
  process.stderr.write(`quickstart: ${option} could not be written: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

function rendered(report: Report, file: string): string {
  if (file.endsWith('.html')) return renderHtml(report);
  if (file.endsWith('.json')) return `${JSON.stringify(report, null, 1)}\n`;
  return renderText(report, { width: PLAIN_WIDTH, hasColour: false });
}

function widthOf(out: NodeJS.WriteStream): number {
  return out.isTTY ? Math.min((out as WriteStream).columns || 80, WIDEST) : PLAIN_WIDTH;
}

/** Colours on a terminal that has them (NO_COLOR counts), elsewhere only when FORCE_COLOR asks for them. */
function hasColour(out: NodeJS.WriteStream): boolean {
  if (out.isTTY) return (out as WriteStream).hasColors();
  return !['', '0', 'false', undefined].includes(process.env.FORCE_COLOR);
}
