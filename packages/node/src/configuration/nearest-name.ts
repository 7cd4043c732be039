/** Edits (insert, delete, replace) between two strings: Wagner and Fischer 1974, one row kept. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

/** Names longer than this are no misspelling of ours. */
const MAX_LENGTH = 64;

/** The known name that was probably meant, or undefined: case, `_` and `-` aside, at most a third of it is wrong. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = distance(wanted, plain(candidate));
    if (edits < least && edits <= plain(candidate).length / 3) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}
