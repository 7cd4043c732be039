import type { CriticalPath, TraceEntry, TraceSpan } from '../types.ts';
import { barsOf } from './bars.ts';
import { checkPath, type FormatOptions, type ResolvedFormat, resolveFormat } from './options.ts';
import { type OutlineLine, outline } from './outline.ts';
import { blameText, noteLines, placesOf, waitsOf } from './remarks.ts';
import { duration, fit, type Paint, painter, percent, plural, printable, widthOf } from './terminal.ts';

const FIGURES = 9;
const GAP = '  ';
/** Of the width, what the bars get, and at most. */
const BAR_PART = 0.3;
/** Of the width, for each level that is indented. */
const CELLS_A_LEVEL = 10;
const NARROW = 80;
const NARROW_BAR_PART = 0.2;
const WIDEST_BAR = 60;
const WIDEST_PLACE = 32;
const NARROWEST_PLACE = 5;
/** Of what is left for names and places, where it is too little for both. */
const PLACE_PART = 0.4;

/**
 * The critical path as a tree for terminals: the spans it goes through, how much of it was theirs, and when. Waits for
 * other threads and processes and causes of delay (`sonde.blame.*`) stand below the span.
 * @throws TypeError, RangeError for bad options, and for what is no critical path
 */
export function formatCriticalPath<S extends TraceSpan>(path: CriticalPath<S>, options: FormatOptions = {}): string {
  checkPath('formatCriticalPath', path);
  const format = resolveFormat('formatCriticalPath', options);
  return render(path, format, ({ selfMs, isOnPath }) => isOnPath && selfMs > 0);
}

/**
 * The whole trace as a tree for terminals, with the process and thread of each span; `●` and full bars mark the path.
 * @throws TypeError, RangeError for bad options, and for what is no critical path
 */
export function formatTrace<S extends TraceSpan>(path: CriticalPath<S>, options: FormatOptions = {}): string {
  checkPath('formatTrace', path);
  return render(path, resolveFormat('formatTrace', options), () => true);
}

function render<S extends TraceSpan>(
  path: CriticalPath<S>,
  { width, hasColour, maxLines }: ResolvedFormat,
  isWanted: (entry: TraceEntry<S>) => boolean,
): string {
  const paint = painter(hasColour);
  const lines = outline(path, isWanted, { maxLines, maxIndent: Math.floor(width / CELLS_A_LEVEL) });
  const layout = layoutFor(lines, width);
  const bar = barsOf(path, layout.bar, paint);
  const waits = waitsOf(path);
  const out = [...titleOf(path, paint), headOf(path, layout, paint)];
  for (const line of lines) {
    out.push(lineOf(line, { path, layout, paint }) + bar(line.entry));
    const indent = ' '.repeat(widthOf(line.branches) + 4);
    for (const remark of remarksOn(line.entry, waits)) {
      out.push(paint(fit(indent + remark, width).trimEnd(), 'dim'));
    }
  }
  const left = path.tree.filter(isWanted).length - lines.length;
  if (left > 0) out.push(paint(`  and ${plural(left, 'span')} more`, 'dim'));
  for (const note of noteLines(path.notes)) out.push(paint(fit(`  ${note}`, width).trimEnd(), 'dim'));
  return `${out.map((line) => line.trimEnd()).join('\n')}\n`;
}

function remarksOn<S extends TraceSpan>(entry: TraceEntry<S>, waits: ReadonlyMap<S, string[]>): string[] {
  const remarks = [...(waits.get(entry.span) ?? [])];
  const blame = blameText(entry.blame, entry.span);
  if (blame !== undefined) remarks.push(blame);
  if (entry.isAdopted) remarks.push('its parent is missing');
  return remarks;
}

interface Layout {
  readonly name: number;
  readonly place: number;
  readonly bar: number;
}

function layoutFor(lines: readonly OutlineLine[], width: number): Layout {
  const name = widest(lines, ({ entry, branches }) => branches + printable(entry.name)) + 2;
  const place = Math.min(
    WIDEST_PLACE,
    Math.max(
      NARROWEST_PLACE,
      widest(lines, ({ entry }) => printable(placeOf(entry))),
    ),
  );
  const bar = Math.min(WIDEST_BAR, Math.floor(width * (width < NARROW ? NARROW_BAR_PART : BAR_PART)));
  const rest = width - bar - 2 * FIGURES + 2 - 4 * GAP.length;
  const shownPlace = Math.min(place, Math.max(Math.floor(rest * PLACE_PART), rest - name));
  return { name: Math.min(name, rest - shownPlace), place: shownPlace, bar };
}

function widest(lines: readonly OutlineLine[], text: (line: OutlineLine) => string): number {
  return lines.reduce((width, line) => Math.max(width, widthOf(text(line))), 0);
}

/** `shop 4121`, `shop 4121 #3` in a thread that is not the main one. */
function placeOf({ process, thread }: TraceEntry): string {
  return thread === '' || thread === '0' ? process : `${process} #${thread}`;
}

function titleOf<S extends TraceSpan>(path: CriticalPath<S>, paint: Paint): string[] {
  const { processes, threads } = placesOf(path);
  const facts = [
    duration(path.durationMs),
    plural(path.tree.length, 'span'),
    plural(processes, 'process'),
    plural(threads, 'thread'),
    `trace ${printable(path.traceId)}`,
  ];
  return [`${paint(printable(path.tree[0]?.name ?? ''), 'strong')}  ${facts.join(', ')}`];
}

function headOf<S extends TraceSpan>({ durationMs }: CriticalPath<S>, layout: Layout, paint: Paint): string {
  const figures = 'on path'.padStart(FIGURES) + GAP + 'share'.padStart(FIGURES - 2);
  const end = duration(durationMs);
  const scale = `0${end.padStart(Math.max(end.length, layout.bar - 1))}`;
  return paint(
    `${' '.repeat(layout.name)}${GAP}${fit('process #thread', layout.place)}${GAP}${figures}${GAP}${scale}`,
    'dim',
  );
}

function lineOf<S extends TraceSpan>(
  { entry, branches }: OutlineLine<S>,
  { path, layout, paint }: { path: CriticalPath<S>; layout: Layout; paint: Paint },
): string {
  const { isOnPath, isError, selfMs } = entry;
  const mark = isOnPath ? '●' : ' ';
  const name = fit(`${branches}${printable(entry.name)}`, layout.name - 2);
  const style = isError ? 'error' : isOnPath ? 'path' : undefined;
  const own = selfMs > 0 ? duration(selfMs) : '';
  const share = selfMs > 0 && path.durationMs > 0 ? percent(selfMs / path.durationMs) : '';
  return [
    `${paint(mark, 'bar')} ${style === undefined ? name : paint(name, style)}`,
    paint(fit(printable(placeOf(entry)), layout.place), 'dim'),
    own.padStart(FIGURES),
    share.padStart(FIGURES - 2),
    '',
  ].join(GAP);
}
