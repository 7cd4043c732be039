import type { CriticalPath, TraceEntry, TraceSpan } from '../types.ts';

/** A line of a tree: an entry and the branches before it. */
export interface OutlineLine<S extends TraceSpan = TraceSpan> {
  readonly entry: TraceEntry<S>;
  /** `│ ├ `; empty for the root. */
  readonly branches: string;
}

/** How much is shown. */
export interface OutlineLimits {
  readonly maxLines: number;
  /** Levels that are moved to the right; deeper ones stand below each other. */
  readonly maxIndent: number;
}

/**
 * At most `maxLines` entries as an outline: those on the path first, then the longest. Below what is left out, entries
 * hang under the nearest ancestor that is shown.
 */
export function outline<S extends TraceSpan>(
  { tree }: CriticalPath<S>,
  isWanted: (entry: TraceEntry<S>) => boolean,
  { maxLines, maxIndent }: OutlineLimits,
): OutlineLine<S>[] {
  const parents = shownParents(tree, choose(tree, isWanted, maxLines));
  const lastChild = new Map<number, number>();
  for (const [index, parent] of parents) lastChild.set(parent, index);
  const below = new Map<number, { readonly branches: string; readonly depth: number }>();
  const lines: OutlineLine<S>[] = [];
  for (const [index, parent] of parents) {
    const entry = tree[index] as TraceEntry<S>;
    const above = below.get(parent);
    const isLast = lastChild.get(parent) === index;
    lines.push({ entry, branches: above === undefined ? '' : above.branches + (isLast ? '└ ' : '├ ') });
    below.set(index, stepInto(above, isLast, maxIndent));
  }
  return lines;
}

/** What stands before the children of a line. */
function stepInto(
  above: { readonly branches: string; readonly depth: number } | undefined,
  isLast: boolean,
  maxIndent: number,
): { readonly branches: string; readonly depth: number } {
  if (above === undefined) return { branches: '', depth: 0 };
  const { branches, depth } = above;
  return { branches: depth < maxIndent ? branches + (isLast ? '  ' : '│ ') : branches, depth: depth + 1 };
}

function choose<S extends TraceSpan>(
  tree: readonly TraceEntry<S>[],
  isWanted: (entry: TraceEntry<S>) => boolean,
  maxLines: number,
): ReadonlySet<number> {
  const wanted: number[] = [];
  for (const [index, entry] of tree.entries()) if (index === 0 || isWanted(entry)) wanted.push(index);
  if (wanted.length > maxLines) {
    const weight = (index: number): number => weightOf(tree[index] as TraceEntry<S>);
    wanted.sort((a, b) => weight(b) - weight(a));
    wanted.length = maxLines;
  }
  return new Set(wanted);
}

/** The root, then the path by its own time, then the longest. */
function weightOf({ parent, selfMs, isOnPath, startMs, endMs }: TraceEntry): number {
  if (parent < 0) return Number.POSITIVE_INFINITY;
  return isOnPath ? 1e15 + selfMs : endMs - startMs;
}

/** Each entry shown, in order, and the nearest ancestor shown. Entries stand after their parents, so one pass does. */
function shownParents<S extends TraceSpan>(
  tree: readonly TraceEntry<S>[],
  shown: ReadonlySet<number>,
): Map<number, number> {
  const nearest: number[] = [];
  const parents = new Map<number, number>();
  for (const [index, { parent }] of tree.entries()) {
    const above = parent < 0 ? -1 : (nearest[parent] as number);
    const isShown = shown.has(index);
    nearest.push(isShown ? index : above);
    if (isShown) parents.set(index, above);
  }
  return parents;
}
