import type { CriticalPath, PathSegment, TraceEntry, TraceSpan } from '../types.ts';
import type { Paint } from './terminal.ts';

const ON_PATH = '█';
const OPEN = '─';

/** Draws when a span was open, and when the path went through it, in `width` cells for the root's duration. */
export function barsOf<S extends TraceSpan>(
  { segments, durationMs }: CriticalPath<S>,
  width: number,
  paint: Paint,
): (entry: TraceEntry<S>) => string {
  const bySpan = new Map<S, PathSegment<S>[]>();
  for (const segment of segments) {
    const list = bySpan.get(segment.span);
    if (list === undefined) bySpan.set(segment.span, [segment]);
    else list.push(segment);
  }
  const place = (ms: number): number => Math.max(0, Math.min(width, durationMs > 0 ? (ms / durationMs) * width : 0));
  return ({ span, startMs, endMs }) => {
    const cells: string[] = new Array(width).fill(' ');
    // What began after the root had ended has no place.
    if (startMs <= durationMs) fill(cells, OPEN, place(startMs), place(endMs));
    for (const segment of bySpan.get(span) ?? []) fill(cells, ON_PATH, place(segment.startMs), place(segment.endMs));
    return joined(cells, paint);
  };
}

/** Fills every cell of which at least half is covered, and always one. */
function fill(cells: string[], mark: string, from: number, to: number): void {
  const first = Math.min(Math.round(from), cells.length - 1);
  const last = Math.max(first + 1, Math.round(to));
  for (let i = first; i < last && i < cells.length; i += 1) cells[i] = mark;
}

function joined(cells: readonly string[], paint: Paint): string {
  return cells
    .join('')
    .trimEnd()
    .replace(/█+/g, (run) => paint(run, 'bar'))
    .replace(/─+/g, (run) => paint(run, 'dim'));
}
