import { attributeOf, labelOf, readSpan } from '../read-span.ts';
import type { BlameShare, CriticalPath, TraceNotes, TraceSpan } from '../types.ts';
import { duration, plural, printable } from './terminal.ts';

/** Waits that are shorter than this part of the root are not worth a line. */
const WORTH_A_LINE = 0.02;
const MOST_WAITS = 4;
/** The SDK takes starts from a clock of whole milliseconds: less says nothing about clocks. */
const SHIFT_WORTH_A_LINE_MS = 1;
const MOST_CAUSES = 5;
const UNEXPLAINED = 'unexplained';
/** The same as a sentence, where whoever blames has written one. */
const SUMMARY = 'sonde.blame.summary';
/** Part of all that is blamed from which on a cause is named. */
const WORTH_NAMING = 0.02;
/** Part of a span that has to be explained for its blame to be told. */
const WORTH_TELLING = 0.1;

/** For each span, what its time on the path was spent waiting for. */
export function waitsOf<S extends TraceSpan>({ segments, durationMs }: CriticalPath<S>): Map<S, string[]> {
  const waits = new Map<S, string[]>();
  for (const { span, selfMs, waitsFor } of segments) {
    if (waitsFor === undefined || !(selfMs >= durationMs * WORTH_A_LINE)) continue;
    const lines = waits.get(span) ?? [];
    const facts = readSpan(waitsFor);
    const name = printable(facts === undefined ? '' : labelOf(facts));
    if (lines.length < MOST_WAITS) lines.push(`${duration(selfMs)} of it until “${name}” began`);
    waits.set(span, lines);
  }
  return waits;
}

/** What a span is blamed on, in a sentence; nothing where next to nothing is known. */
export function blameText(blame: readonly BlameShare[], span: TraceSpan): string | undefined {
  const summary = attributeOf(readSpan(span)?.attributes ?? {}, SUMMARY);
  if (typeof summary === 'string' && summary !== '') return printable(summary);
  const secondsOf = (shares: readonly BlameShare[]): number => shares.reduce((sum, { seconds }) => sum + seconds, 0);
  const known = blame.filter(({ cause }) => cause !== UNEXPLAINED);
  if (known.length === 0 || secondsOf(known) < secondsOf(blame) * WORTH_TELLING) return undefined;
  const causes = blame
    .filter(({ seconds }) => seconds >= secondsOf(blame) * WORTH_NAMING)
    .slice(0, MOST_CAUSES)
    .map(({ cause, seconds }) => `${printable(cause)} ${duration(seconds * 1000)}`);
  return `blame of the whole span: ${causes.join(', ')}`;
}

/** What a reader has to know before believing the figures, a sentence each. */
export function noteLines(notes: TraceNotes): string[] {
  const lines: string[] = [];
  const say = (count: number, rest: string): void => {
    if (count > 0) lines.push(`${plural(count, 'span')} ${rest}`);
  };
  say(notes.adopted, 'put under the root, because the parent is missing');
  say(notes.unrelated, 'left out: not below the root');
  say(notes.detached, 'ran on after the root had ended');
  say(notes.cut, 'began before the parent, and cut there');
  say(notes.duplicates, 'given twice');
  say(notes.negative, 'with an end before the start');
  say(notes.cycles, 'freed from being its own ancestor');
  say(notes.unreadable, 'that could not be read');
  for (const { process, shiftMs } of notes.clockShifts) {
    if (Math.abs(shiftMs) < SHIFT_WORTH_A_LINE_MS) continue;
    lines.push(`the clock of ${printable(process)} was moved by ${shiftMs > 0 ? '+' : ''}${duration(shiftMs)}`);
  }
  return lines;
}

/** Distinct processes and threads of the tree. */
export function placesOf<S extends TraceSpan>({ tree }: CriticalPath<S>): { processes: number; threads: number } {
  const processes = new Set(tree.map(({ process }) => process));
  const threads = new Set(tree.map(({ process, thread }) => `${process}\n${thread === '' ? '0' : thread}`));
  return { processes: processes.size, threads: threads.size };
}
