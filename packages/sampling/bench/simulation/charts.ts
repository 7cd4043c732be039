/** What the comparison of samplers looks like. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figures, NAMES, type Run } from './comparison.ts';
import { type Panel, toSvg } from './plot.ts';
import { BUDGET, SCENARIO_SECONDS, WARM_UP_SECONDS } from './scenarios.ts';

const RESULTS = join(import.meta.dirname, '../../../../benchmarks/results');
const SHOWN = ['step x10', 'diurnal', 'square bursts', '2000 keys, s 0.8'];
const STEP = 'step x10';

type Results = ReadonlyMap<string, ReadonlyMap<string, Run>>;

/** A peer that could not be brought to the same volume has no place in a comparison at equal volume. */
function isComparable({ volume }: Figures): boolean {
  return Math.abs(volume - 1) <= 0.05;
}

function pareto(results: Results): Panel[] {
  return SHOWN.map((scenario) => {
    const runs = results.get(scenario)!;
    const points = NAMES.filter((name) => isComparable(runs.get(name)!.figures)).map((name) => {
      const { budgetError, coverage } = runs.get(name)!.figures;
      return { name, points: [[budgetError, 100 * coverage] as const] };
    });
    const least = Math.min(...points.map(({ points: [point] }) => point![1]));
    return {
      title: scenario,
      x: { label: 'mean error a second, times the budget (left is better)', max: 1.25 },
      y: { label: 'key-minutes covered, %', min: Math.max(0, Math.floor((least - 2) / 5) * 5), max: 100 },
      series: points,
      kind: 'points',
    };
  });
}

function stepPanels(results: Results): Panel[] {
  const runs = results.get(STEP)!;
  const others = NAMES.slice(1).filter((name) => name !== 'ParentBased');
  const half = Math.ceil(others.length / 2);
  const panel = (title: string, names: readonly string[]): Panel => ({
    title,
    x: { label: 'seconds; the load grows tenfold at 30', max: SCENARIO_SECONDS },
    y: { label: 'traces kept a second', max: 8 * BUDGET },
    reference: BUDGET,
    series: [NAMES[0]!, ...names].map((name) => ({
      name,
      points: [...runs.get(name)!.outcome.kept.subarray(WARM_UP_SECONDS)].map(
        (kept, second) => [second + 0.5, kept] as const,
      ),
    })),
    kind: 'lines',
  });
  return [panel('A tenfold step', others.slice(0, half)), panel('The same step', others.slice(half))];
}

/** Writes the charts beside the results of the benchmark. */
export function saveCharts(results: Results, seed: number): string[] {
  mkdirSync(RESULTS, { recursive: true });
  const charts = {
    'sampling-pareto.svg': {
      title: 'Budget error against key coverage, at equal kept volume',
      subtitle: `Simulated traffic, budget ${BUDGET} traces/s, seed ${seed}. Left out: volumes that cannot be matched within 5 %.`,
      panels: pareto(results),
      columns: 2,
      names: NAMES,
    },
    'sampling-step.svg': {
      title: 'What samplers keep through a tenfold step',
      subtitle: `Kept volume as that of AdaptiveSampler. Dashed: the budget, ${BUDGET} traces/s; seed ${seed}.`,
      panels: stepPanels(results),
      columns: 2,
      names: NAMES,
    },
  };
  return Object.entries(charts).map(([name, chart]) => {
    const path = join(RESULTS, name);
    writeFileSync(path, toSvg(chart));
    return path;
  });
}
