import type { TracePath } from '../telemetry/traces.ts';

/** What a report says, before anybody decides how it looks. */
export interface Report {
  readonly title: string;
  /** Lines under the title. */
  readonly facts: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block = Table | Lines | Chart | TraceTree;

export interface Table {
  readonly kind: 'table';
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Lines {
  readonly kind: 'lines';
  readonly lines: readonly Cell[];
}

/** Curves over the same time, and what happened during it. */
export interface Chart {
  readonly kind: 'chart';
  readonly durationMs: number;
  readonly curves: readonly Curve[];
  /** What was done. */
  readonly marks: readonly Mark[];
  /** What was told of it: moments. */
  readonly notices: readonly { readonly atMs: number; readonly text: string }[];
}

export interface Curve {
  readonly title: string;
  /** In the order of time; NaN where there is nothing. */
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
  readonly scale: 'linear' | 'logarithmic';
  /** The largest value, in words. */
  readonly peak: string;
}

export interface Mark {
  /** Stands for it in the picture. */
  readonly letter: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

/** A trace with its critical path. */
export interface TraceTree {
  readonly kind: 'trace';
  readonly path: TracePath;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives way, by an ellipsis in the middle, when the window is too narrow. */
  readonly canShrink?: boolean;
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

export type Cell = string | { readonly text: string; readonly tone: Tone };

export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

export function toned(text: string, tone: Tone): Cell {
  return { text, tone };
}

export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Table {
  return { kind: 'table', columns, rows };
}

export function lines(...cells: Cell[]): Lines {
  return { kind: 'lines', lines: cells };
}

/** A left-aligned column. */
export function left(title: string): Column {
  return { title };
}

/** A left-aligned column that gives way in a narrow window. */
export function flexible(title: string): Column {
  return { title, canShrink: true };
}

/** A right-aligned column, for figures. */
export function right(title: string): Column {
  return { title, align: 'right' };
}
