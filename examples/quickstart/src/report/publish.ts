import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WriteStream } from 'node:tty';
import { renderHtml } from './html.ts';
import type { Report } from './model.ts';
import { renderText } from './text.ts';

const PLAIN_WIDTH = 120;
const WIDEST = 160;

/** Prints the report, and writes it to `file` in the form that its ending asks for. */
export function publish(report: Report, out: NodeJS.WriteStream, file: string | undefined): void {
  out.write(renderText(report, { width: widthOf(out), hasColour: hasColour(out) }));
  if (file === undefined) return;
  const path = resolve(process.env.INIT_CWD ?? '.', file);
  try {
    writeFileSync(path, rendered(report, file));
    out.write(`\nThe report is also in ${path}\n`);
  } catch (error) {
    process.stderr.write(`quickstart: --report could not be written: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
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
