import { findSourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { StackFrame } from './types.ts';

/** In a checkout of Sonde its packages are no dependencies: their code is told apart by where it lies. */
const CHECKOUT = new URL('../../../', import.meta.url).href;
const OWN_IN_CHECKOUT = /^(?:packages|instrumentations)\/[^/]+\/(?:src|dist)\//;
const OWN_INSTALLED = /[\\/]node_modules[\\/]@sonde[\\/]/;

function isOwn(file: string): boolean {
  if (OWN_INSTALLED.test(file)) return true;
  return file.startsWith(CHECKOUT) && OWN_IN_CHECKOUT.test(file.slice(CHECKOUT.length));
}

function isInternal({ file }: StackFrame): boolean {
  return file === '' || file.startsWith('node:') || isOwn(file);
}

function isDependency({ file }: StackFrame): boolean {
  return file.includes('/node_modules/') || file.includes('\\node_modules\\');
}

/**
 * The frame to look at: the innermost of the application, else the innermost of a dependency, else the innermost of all.
 * A frame of Node or of Sonde is where time is spent, but not whose doing it is.
 */
export function culpritOf(stack: readonly StackFrame[]): StackFrame | undefined {
  return (
    stack.find((frame) => !isInternal(frame) && !isDependency(frame)) ??
    stack.find((frame) => !isInternal(frame)) ??
    stack[0]
  );
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}

interface Origin {
  readonly originalSource?: unknown;
  readonly originalLine?: unknown;
  readonly originalColumn?: unknown;
}

/** The frame in the source it was compiled from, where Node keeps source maps (--enable-source-maps). */
export function toSource(frame: StackFrame): StackFrame {
  if (frame.file.startsWith('node:') || frame.file === '') return frame;
  try {
    const map = findSourceMap(frame.file) ?? findSourceMap(pathOf(frame.file));
    const origin = map?.findEntry(frame.line - 1, frame.column - 1) as Origin | undefined;
    const { originalSource: file, originalLine: line, originalColumn: column } = origin ?? {};
    if (typeof file !== 'string' || typeof line !== 'number' || typeof column !== 'number') return frame;
    return { ...frame, file, line: line + 1, column: column + 1 };
  } catch {
    // A malformed map, or a file name that is no path.
    return frame;
  }
}

/** One line of a stack, as V8 writes it. */
export function frameText({ function: name, file, line, column }: StackFrame): string {
  return `at ${name === '' ? '<anonymous>' : name} (${file}:${line}:${column})`;
}

/** The stack as text: the culprit first, because long text is cut, then all frames from the innermost out. */
export function stackText(culprit: StackFrame | undefined, stack: readonly StackFrame[]): string {
  const frames = culprit === undefined || stack[0] === culprit ? stack : [culprit, ...stack];
  return frames.map(frameText).join('\n');
}
