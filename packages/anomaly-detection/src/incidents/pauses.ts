/** Pauses kept at once. */
const MOST_PAUSES = 1000;

interface Pause {
  readonly matches: (text: string) => boolean;
  untilMs: number;
}

/** A test for a text with `*` for any run of characters: the whole text, or the name before its labels. */
export function patternTest(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  const fits = (text: string): boolean => {
    if (parts.length === 1) return text === pattern;
    if (!(text.startsWith(first) && text.endsWith(last)) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
  return (text) => fits(text) || fits(nameOf(text));
}

/** The name of a series, without labels and signal. */
function nameOf(text: string): string {
  const brace = text.indexOf('{');
  const end = brace === -1 ? text.lastIndexOf(' ') : brace;
  return end === -1 ? text : text.slice(0, end);
}

/** What is not to be told for a while. */
export class Pauses {
  #pauses: Pause[] = [];

  /** @throws TypeError or RangeError for what is no pattern or duration */
  add(pattern: string, durationMs: number, nowMs: number): () => void {
    if (typeof pattern !== 'string' || pattern === '') {
      throw new TypeError(`pause: the series must be a name or a pattern such as http.*, got ${String(pattern)}`);
    }
    if (!(typeof durationMs === 'number' && durationMs > 0 && durationMs <= 1e12)) {
      throw new RangeError(`pause: durationMs must be a number above 0, at most 1e12, got ${String(durationMs)}`);
    }
    this.#pauses = this.#pauses.filter(({ untilMs }) => untilMs > nowMs).slice(1 - MOST_PAUSES);
    const pause = { matches: patternTest(pattern), untilMs: nowMs + durationMs };
    this.#pauses.push(pause);
    return () => {
      pause.untilMs = 0;
    };
  }

  /** Whether a series is paused. */
  has(text: string, nowMs: number): boolean {
    return this.#pauses.some(({ untilMs, matches }) => untilMs > nowMs && matches(text));
  }
}
