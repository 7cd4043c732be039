import { heights } from './chart-text.ts';
import { escapeHtml } from './escape.ts';
import { clock } from './format.ts';
import type { Chart, Curve, Mark } from './model.ts';
import { printable } from './width.ts';

const WIDTH = 1_000;
const LEFT = 90;
const RIGHT = 90;
const ROW = 56;
const CURVE = 44;
const LETTERS = 16;
const AXIS = 20;
const TICKS = 6;

/** The curves one below the other, with the faults as bands behind all of them. */
export function chartSvg({ curves, marks, notices, durationMs }: Chart): string {
  const height = LETTERS + curves.length * ROW + AXIS;
  const x = (atMs: number): number =>
    LEFT + (Math.max(0, Math.min(durationMs, atMs)) / durationMs) * (WIDTH - LEFT - RIGHT);
  const body = [
    ...marks.map((mark) => band(mark, x, height - AXIS)),
    ...curves.map((curve, i) => curveSvg(curve, x, LETTERS + i * ROW)),
    ...notices.map((one) => notice(one, x, height - AXIS)),
    ...Array.from({ length: TICKS + 1 }, (_, i) => tick((durationMs * i) / TICKS, x, height)),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="timeline">${body.join('')}</svg>`;
}

type Scale = (atMs: number) => number;

function band({ letter, fromMs, toMs, text }: Mark, x: Scale, bottom: number): string {
  const [from, to] = [x(fromMs), x(toMs)];
  return [
    `<g><title>${escapeHtml(printable(text))}</title>`,
    `<rect class="mark" x="${fixed(from)}" y="${LETTERS}" width="${fixed(Math.max(1, to - from))}" height="${bottom - LETTERS}"/>`,
    `<line class="mark-edge" x1="${fixed(from)}" x2="${fixed(from)}" y1="${LETTERS}" y2="${bottom}"/>`,
    `<text class="letter" x="${fixed(from)}" y="${LETTERS - 4}">${escapeHtml(letter)}</text></g>`,
  ].join('');
}

/** A triangle that points to the moment. */
function notice({ atMs, text }: Chart['notices'][number], x: Scale, bottom: number): string {
  const at = x(atMs);
  const corners = `${fixed(at)},${bottom - 9} ${fixed(at - 5)},${bottom} ${fixed(at + 5)},${bottom}`;
  return `<g><title>${escapeHtml(printable(text))}</title><polygon class="notice" points="${corners}"/></g>`;
}

function curveSvg({ title, points, scale, peak }: Curve, x: Scale, top: number): string {
  const height = heights(
    points.map(({ value }) => value),
    scale,
  );
  const bottom = top + ROW - (ROW - CURVE) / 2;
  const at = points
    .filter(({ value }) => !Number.isNaN(value))
    .map(({ atMs, value }) => `${fixed(x(atMs))},${fixed(bottom - height(value) * CURVE)}`);
  const [first, last] = [at[0]?.split(',')[0], at.at(-1)?.split(',')[0]];
  return [
    `<text x="${LEFT - 8}" y="${bottom - CURVE / 2 + 4}" text-anchor="end">${escapeHtml(title)}</text>`,
    at.length === 0 ? '' : `<path class="area" d="M${first},${bottom}L${at.join('L')}L${last},${bottom}Z"/>`,
    at.length === 0 ? '' : `<polyline class="curve" points="${at.join(' ')}"/>`,
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="quiet" x="${WIDTH - RIGHT + 8}" y="${bottom - CURVE + 10}">${escapeHtml(peak)}</text>`,
  ].join('');
}

function tick(atMs: number, x: Scale, height: number): string {
  return `<text class="quiet" x="${fixed(x(atMs))}" y="${height - 4}" text-anchor="middle">${clock(atMs)}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
