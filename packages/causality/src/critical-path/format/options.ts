import { checkOptionNames, show } from '@sonde/instrumentation-kit';

/** Options of `formatCriticalPath` and `formatTrace`. */
export interface FormatOptions {
  /** Cells a line, 60 to 1,000. Default: those of the terminal, else 100. */
  width?: number | undefined;
  /** Default: whether stdout is a terminal with colours; `NO_COLOR` and `FORCE_COLOR` count. */
  hasColour?: boolean | undefined;
  /** Spans shown, 1 to 100,000; the shortest beside the path are left out first. Default 100. */
  maxLines?: number | undefined;
}

/** Every option filled. */
export interface ResolvedFormat {
  readonly width: number;
  readonly hasColour: boolean;
  readonly maxLines: number;
}

/** What holds where nothing is given and stdout is no terminal. */
export const FORMAT_DEFAULTS = { width: 100, hasColour: false, maxLines: 100 } as const;

const NARROWEST = 60;
const WIDEST = 1000;
const MOST_LINES = 100_000;

/** @throws TypeError, RangeError for an option that is unknown or has a bad value */
export function resolveFormat(owner: string, options: FormatOptions): ResolvedFormat {
  checkOptionNames(owner, options, Object.keys(FORMAT_DEFAULTS));
  const {
    width = Math.min(WIDEST, Math.max(NARROWEST, process.stdout.columns ?? FORMAT_DEFAULTS.width)),
    hasColour = stdoutHasColours(),
    maxLines = FORMAT_DEFAULTS.maxLines,
  } = options;
  checkCount(`${owner}: width`, width, NARROWEST, WIDEST);
  checkCount(`${owner}: maxLines`, maxLines, 1, MOST_LINES);
  if (typeof hasColour !== 'boolean') {
    throw new TypeError(`${owner}: hasColour must be true or false, got ${show(hasColour)}`);
  }
  return { width, hasColour, maxLines };
}

/** @throws TypeError for what `criticalPath` does not give, such as the spans themselves */
export function checkPath(owner: string, path: unknown): void {
  const { segments, tree, notes } = (path ?? {}) as { readonly [field: string]: unknown };
  const isPath = Array.isArray(segments) && Array.isArray(tree) && typeof notes === 'object' && notes !== null;
  if (!isPath) throw new TypeError(`${owner}: path must be what criticalPath(spans) returns, got ${show(path)}`);
}

/** As Node.js itself decides (`tty.WriteStream.getColorDepth`), for a stdout that is no terminal too. */
function stdoutHasColours(): boolean {
  const { FORCE_COLOR: forced } = process.env;
  if (forced !== undefined) return ['', '1', '2', '3', 'true'].includes(forced);
  return process.stdout.hasColors?.() === true;
}

function checkCount(what: string, value: unknown, min: number, max: number): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw new RangeError(`${what} must be a whole number from ${min} to ${max}, got ${show(value)}`);
}
