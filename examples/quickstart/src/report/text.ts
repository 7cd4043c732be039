import { formatTrace } from '@sonde/causality';
import { chartLines } from './chart-text.ts';
import { type Block, type Cell, type Report, type Table, type Tone, textOf } from './model.ts';
import { displayWidth, pad, printable, shorten } from './width.ts';

export interface TextOptions {
  /** Cells per line. */
  readonly width: number;
  readonly hasColour: boolean;
}

/** SGR parameters (ECMA-48, 8.3.117). */
const STYLES: Readonly<Record<Tone, string>> = { good: '32', bad: '1;31', warn: '33', dim: '2', strong: '1' };
const GAP = '  ';
const INDENT = '  ';
const NARROWEST_SHRUNK = 12;
const NARROWEST_TRACE = 60;
const MOST_TRACE_LINES = 40;

/** The report as plain text; no line is wider than `width` unless the figures alone are. */
export function renderText(report: Report, options: TextOptions): string {
  const out: string[] = ['', paint(report.title, 'strong', options), ...report.facts.map((fact) => INDENT + fact)];
  for (const section of report.sections) {
    out.push('', heading(section.title, options));
    for (const block of section.blocks) out.push(...renderBlock(block, options));
  }
  return `${out.map((line) => line.trimEnd()).join('\n')}\n`;
}

function heading(title: string, options: TextOptions): string {
  const rule = '─'.repeat(Math.max(2, options.width - displayWidth(title) - 4));
  return `${paint('─', 'dim', options)} ${paint(title, 'strong', options)} ${paint(rule, 'dim', options)}`;
}

function renderBlock(block: Block, options: TextOptions): string[] {
  if (block.kind === 'table') return renderTable(block, options);
  const inner = options.width - INDENT.length;
  if (block.kind === 'chart') return chartLines(block, inner).map((line) => INDENT + line);
  if (block.kind === 'trace')
    return formatTrace(block.path, {
      width: Math.max(NARROWEST_TRACE, inner),
      hasColour: options.hasColour,
      maxLines: MOST_TRACE_LINES,
    })
      .trimEnd()
      .split('\n')
      .map((line) => INDENT + line);
  return block.lines.flatMap((cell) =>
    wrap(printable(textOf(cell)), inner).map(
      (line) => INDENT + paint(line, typeof cell === 'string' ? undefined : cell.tone, options),
    ),
  );
}

function renderTable({ columns, rows }: Table, options: TextOptions): string[] {
  const widths = columnWidths({ columns, rows }, options.width - INDENT.length);
  const line = (cells: readonly Cell[], tone?: Tone): string =>
    INDENT +
    columns
      .map((column, i) => {
        const cell = cells[i] ?? '';
        const text = pad(shorten(printable(textOf(cell)), widths[i] ?? 0), widths[i] ?? 0, column.align ?? 'left');
        return paint(text, tone ?? (typeof cell === 'string' ? undefined : cell.tone), options);
      })
      .join(GAP);
  const titles = columns.map((column) => column.title);
  const isTitled = titles.some((title) => title !== '');
  return [...(isTitled ? [line(titles, 'dim')] : []), ...rows.map((row) => line(row))];
}

/** Natural widths, then the widest column that may shrink gives way until all fits. */
function columnWidths({ columns, rows }: Pick<Table, 'columns' | 'rows'>, available: number): number[] {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(printable(textOf(row[i] ?? ''))))),
  );
  const total = (): number => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (total() > available) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      const width = widths[i] ?? 0;
      if (column.canShrink && width > NARROWEST_SHRUNK && width > (widths[widest] ?? 0)) widest = i;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function wrap(text: string, width: number): string[] {
  const out: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > width) {
      out.push(line);
      line = word;
    } else line = longer;
  }
  return [...out, line];
}

function paint(text: string, tone: Tone | undefined, { hasColour }: TextOptions): string {
  return hasColour && tone !== undefined ? `\u001b[${STYLES[tone]}m${text}\u001b[0m` : text;
}
