import type { Plan } from './run-service.ts';
import type { Score } from './score.ts';

/** A request that was scored. */
export interface Row {
  readonly plan: Plan;
  readonly score: Score;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

function cells({ plan, score }: Row): string[] {
  const pair = plan.steps.map(({ name }) => name).join(plan.isTogether ? ' + ' : ', ');
  const list = (cell: (share: Score['shares'][number]) => string): string => score.shares.map(cell).join(', ');
  return [
    pair,
    list(({ cause }) => cause),
    list(({ truthMs }) => truthMs.toFixed(0)),
    list(({ toldMs }) => toldMs.toFixed(0)),
    list(({ error }) => percent(error)),
    percent(score.unexplained),
    percent(score.starved),
    score.isTopRight ? 'yes' : `no: ${score.top}`,
  ];
}

const HEADINGS = ['injected', 'cause', 'truth ms', 'told ms', 'error', 'unexplained', 'starved', 'top right'];

/** The scores as a table. `a, b` one after the other, `a + b` at once. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
