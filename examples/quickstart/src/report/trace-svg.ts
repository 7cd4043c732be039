import { escapeHtml } from './escape.ts';
import { duration } from './format.ts';
import type { TraceTree } from './model.ts';
import { PLACE_COLOURS } from './picture-style.ts';
import { printable, shorten } from './width.ts';

const WIDTH = 1_000;
const NAMES = 340;
const RIGHT = 70;
const ROW = 22;
const BAR = 12;
const INDENT = 12;
const AXIS = 24;
const TICKS = 5;
const MOST_ROWS = 120;
const NAME_CELLS = 48;
const PIXELS_PER_CELL = 7;

type Entry = TraceTree['path']['tree'][number];

/** A waterfall: a row for each span in the colour of its thread or process, the critical path marked below its bars. */
export function traceSvg({ path }: TraceTree): string {
  const rows = path.tree.slice(0, MOST_ROWS);
  const places = [...new Set(rows.map(placeOf))];
  const rowOf = new Map(path.tree.map(({ span }, i) => [span, i]));
  const height = AXIS + rows.length * ROW + ROW;
  const x = (ms: number): number => NAMES + (ms / Math.max(path.durationMs, 1e-6)) * (WIDTH - NAMES - RIGHT);
  const body = [
    ...Array.from({ length: TICKS + 1 }, (_, i) => tick((path.durationMs * i) / TICKS, x, height)),
    ...rows.map((entry, i) => rowSvg(entry, { top: AXIS + i * ROW, x, colour: places.indexOf(placeOf(entry)) })),
    ...path.segments.map(({ span, startMs, endMs }) => {
      const row = rowOf.get(span);
      return row === undefined || row >= rows.length ? '' : segment(x(startMs), x(endMs), AXIS + row * ROW);
    }),
  ];
  const more = path.tree.length - rows.length;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="waterfall of a trace">${body.join('')}`,
    more > 0 ? `<text class="quiet" x="0" y="${height - 4}">and ${more} more spans</text>` : '',
    '</svg>',
    legend(places),
  ].join('');
}

interface RowPlace {
  readonly top: number;
  readonly x: (ms: number) => number;
  readonly colour: number;
}

function rowSvg(entry: Entry, { top, x, colour }: RowPlace): string {
  const { name, depth, startMs, endMs, isError, selfMs } = entry;
  const cells = NAME_CELLS - Math.ceil((depth * INDENT) / PIXELS_PER_CELL);
  const [from, to] = [x(Math.max(0, startMs)), Math.min(x(endMs), WIDTH - RIGHT)];
  const remark = `${name}, ${placeOf(entry)}: ${duration(endMs - startMs)}, on the critical path ${duration(selfMs)}`;
  return [
    `<g><title>${escapeHtml(printable(remark))}</title>`,
    `<text${isError ? ' class="error"' : ''} x="${depth * INDENT}" y="${top + BAR}">${escapeHtml(shorten(printable(name), Math.max(8, cells)))}</text>`,
    `<rect class="place${colour % PLACE_COLOURS}" x="${fixed(from)}" y="${top + 2}" width="${fixed(Math.max(1, to - from))}" height="${BAR}" rx="2"/>`,
    `<text class="quiet" x="${WIDTH - RIGHT + 6}" y="${top + BAR}">${duration(endMs - startMs)}</text></g>`,
  ].join('');
}

/** The part of the critical path that is this span's own. */
function segment(from: number, to: number, top: number): string {
  return `<rect class="path-bar" x="${fixed(from)}" y="${top + BAR + 3}" width="${fixed(Math.max(0.5, to - from))}" height="3"/>`;
}

function tick(ms: number, x: (ms: number) => number, height: number): string {
  const at = fixed(x(ms));
  return `<line class="axis" x1="${at}" x2="${at}" y1="${AXIS - 6}" y2="${height - ROW}"/><text class="quiet" x="${at}" y="${AXIS - 10}" text-anchor="middle">${ms === 0 ? '0' : duration(ms)}</text>`;
}

function legend(places: readonly string[]): string {
  const keys = places.map(
    (place, i) =>
      `<svg viewBox="0 0 10 10" style="width:.8em;display:inline;margin:0 .3em"><rect class="place${i % PLACE_COLOURS}" width="10" height="10" rx="2"/></svg>${escapeHtml(printable(place))}`,
  );
  const path =
    '<svg viewBox="0 0 10 10" style="width:.8em;display:inline;margin:0 .3em"><rect class="path-bar" y="4" width="10" height="3"/></svg>critical path';
  return `<p class="dim">${[...keys, path].join(' ')}</p>`;
}

function placeOf({ process, thread }: Entry): string {
  return thread === '' ? process : `${process}, thread ${thread}`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
