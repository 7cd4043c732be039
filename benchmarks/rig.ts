/**
 * The measuring rig: interleaved rounds, CPU time, an A/A pair in every comparison, and gates that hold only when the
 * machine was quiet enough to say so.
 *
 * A round runs every variant once, in an order that rotates; a ratio is the median over rounds of the ratios inside a
 * round, so that a slow second hits both sides of it. The A/A pair is the peer measured twice in each round: how far its
 * ratio strays from 1 is the noise of this run.
 */

/** What one variant cost in each round. */
export interface Row {
  readonly name: string;
  /** UCUM-like unit of the figures, `ns/op` unless the benchmark says otherwise. */
  readonly unit: string;
  readonly median: number;
  /** One figure per round, in the order of the rounds. */
  readonly rounds: readonly number[];
}

/** One claim, checked. */
export interface Gate {
  readonly gate: string;
  /** The rule, such as `<= 0.01`. */
  readonly reach: string;
  readonly measured: number;
  /** Half-width of what the A/A pair says about the noise of `measured`, in the unit of `measured`. */
  readonly noise: number;
  readonly holds: boolean;
}

export interface BenchmarkResult {
  readonly rows: readonly Row[];
  readonly gates: readonly Gate[];
}

export interface BenchmarkOptions {
  /** Number of interleaved rounds. */
  readonly rounds: number;
  /** Prints progress (to stderr, so that `--json` stays clean). */
  readonly log: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly description: string;
  run(options: BenchmarkOptions): Promise<BenchmarkResult>;
  /** Scores data that somebody else chose, at one threshold; what it returns is printed as JSON. */
  score?(options: { readonly corpus: string; readonly threshold: number }): Promise<object>;
}

/** Runs once, returns what one operation cost. */
export type Variant = () => number | Promise<number>;

export interface InterleaveOptions {
  readonly variants: Readonly<Record<string, Variant>>;
  /** The variant that is measured twice in each round. */
  readonly aa: string;
  readonly rounds: number;
  readonly log: (line: string) => void;
  readonly unit?: string;
  /** Rounds that are run and thrown away first; default 1. */
  readonly warmup?: number;
}

const AA_SUFFIX = ' (A/A)';

/** Runs `rounds` rounds of all variants plus the A/A twin of `aa`; the rows carry every round. */
export async function interleave(options: InterleaveOptions): Promise<Row[]> {
  const { variants, aa, rounds, log, unit = 'ns/op', warmup = 1 } = options;
  const twin = variants[aa];
  if (twin === undefined) throw new RangeError(`interleave: aa must name one of the variants, got ${aa}`);
  const all = Object.entries({ ...variants, [aa + AA_SUFFIX]: twin });
  const figures = new Map<string, number[]>(all.map(([name]) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    for (const [name, variant] of rotate(all, round + warmup)) {
      const cost = await variant();
      if (round >= 0) figures.get(name)?.push(cost);
    }
    if (round >= 0)
      log(`round ${round + 1}/${rounds}  ${all.map(([n]) => `${n} ${show(figures.get(n)?.at(-1))}`).join('  ')}`);
  }
  return all.map(([name]) => row(name, figures.get(name) ?? [], unit));
}

/** A row from figures that were taken elsewhere. */
export function row(name: string, rounds: readonly number[], unit: string): Row {
  return { name, unit, median: median(rounds), rounds };
}

export interface RatioGateOptions {
  readonly gate: string;
  readonly rows: readonly Row[];
  readonly numerator: string;
  readonly denominator: string;
  /** `<= x` or `>= x`. */
  readonly reach: string;
  /** Turns the per-round ratio into the gated figure; default: the ratio itself. */
  readonly of?: (ratio: number) => number;
}

/** `numerator / denominator`, round by round; holds if the median meets `reach` and the A/A noise is under half the margin. */
export function ratioGate(options: RatioGateOptions): Gate {
  const { gate, rows, numerator, denominator, reach, of = (ratio) => ratio } = options;
  const ratios = perRound(find(rows, numerator), find(rows, denominator)).map(of);
  const measured = median(ratios);
  return judge({ gate, reach, measured, noise: aaNoise(rows) * Math.abs(measured) });
}

/** The cost that `ours` adds to `base` over the cost that `peer` adds to it, round by round. */
export function addedCostGate(
  options: Omit<RatioGateOptions, 'numerator' | 'denominator' | 'of'> & { base: string; ours: string; peer: string },
): Gate {
  const { gate, rows, base, ours, peer, reach } = options;
  const bare = find(rows, base).rounds;
  const theirs = find(rows, peer).rounds;
  const ratios = find(rows, ours).rounds.map((cost, i) => (cost - at(bare, i)) / (at(theirs, i) - at(bare, i)));
  const added = find(rows, peer).median - find(rows, base).median;
  return judge({
    gate,
    reach,
    measured: median(ratios),
    noise: (aaNoise(rows) * find(rows, base).median) / Math.abs(added),
  });
}

/** An absolute figure; `noise` is the A/A noise of the rows it came from, relative. */
export function absoluteGate(options: { gate: string; reach: string; measured: number; rows: readonly Row[] }): Gate {
  const { gate, reach, measured, rows } = options;
  return judge({ gate, reach, measured, noise: aaNoise(rows) * Math.abs(measured) });
}

/** A figure that has no noise: a count, bytes allocated by construction. */
export function exactGate(gate: string, reach: string, measured: number): Gate {
  return judge({ gate, reach, measured, noise: 0 });
}

function judge({ gate, reach, measured, noise }: Omit<Gate, 'holds'>): Gate {
  const [, operator, text] = /^(<=|>=|<|=)\s*([\d.e-]+)/.exec(reach) ?? [];
  if (operator === undefined) throw new RangeError(`gate ${gate}: reach must be like '<= 0.01', got ${reach}`);
  const bound = Number(text);
  if (operator === '=') return { gate, reach, measured, noise, holds: measured === bound };
  const margin = operator === '>=' ? measured - bound : bound - measured;
  const isQuiet = noise === 0 || noise < margin / 2;
  return { gate, reach, measured, noise, holds: margin >= 0 && (operator !== '<' || margin > 0) && isQuiet };
}

/**
 * The spread of the A/A pair, relative: the distance of its median ratio from 1, or the standard error of that median
 * (from the interquartile range), whichever is larger, so that a lucky median does not pass for a quiet machine.
 */
export function aaNoise(rows: readonly Row[]): number {
  const twin = rows.find((r) => r.name.endsWith(AA_SUFFIX));
  if (twin === undefined) throw new RangeError('aaNoise: the rows hold no A/A pair; make them with interleave()');
  const ratios = perRound(twin, find(rows, twin.name.slice(0, -AA_SUFFIX.length)));
  const sorted = [...ratios].sort((a, b) => a - b);
  const quartile = (q: number): number => at(sorted, Math.round(q * (sorted.length - 1)));
  const standardError = (1.2533 * (quartile(0.75) - quartile(0.25))) / 1.349 / Math.sqrt(sorted.length);
  return Math.max(Math.abs(median(ratios) - 1), standardError);
}

/** Process CPU time (user + system, all threads) of one operation, in nanoseconds; `run` performs `iterations` of them. */
export function cpuNanosPerOp(iterations: number, run: (iterations: number) => void): number {
  const before = process.cpuUsage();
  run(iterations);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / iterations;
}

/** Like {@link cpuNanosPerOp} for work that finishes later. */
export async function cpuNanosPerAsyncOp(
  iterations: number,
  run: (iterations: number) => Promise<unknown>,
): Promise<number> {
  const before = process.cpuUsage();
  await run(iterations);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / iterations;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? at(sorted, middle) : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}

function perRound(numerator: Row, denominator: Row): number[] {
  return numerator.rounds.map((cost, i) => cost / at(denominator.rounds, i));
}

function find(rows: readonly Row[], name: string): Row {
  const found = rows.find((r) => r.name === name);
  if (found === undefined)
    throw new RangeError(`no row is called ${name}; there are: ${rows.map((r) => r.name).join(', ')}`);
  return found;
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function show(figure: number | undefined): string {
  return figure === undefined ? '-' : figure.toPrecision(4);
}
