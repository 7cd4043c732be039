/**
 * `npm run bench` lists the benchmarks; `npm run bench -- NAME` runs one; `--json` prints one JSON object on stdout
 * (use `npm run -s`), `--rounds N` sets the number of rounds, `--save` writes benchmarks/results/NAME.json. A benchmark
 * that scores data takes `--corpus DIR` and `--threshold T`, and prints its score instead.
 */
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark, BenchmarkResult } from './rig.ts';

const ROOT = join(import.meta.dirname, '..');
const DEFAULT_ROUNDS = 15;

const HELP = `usage: npm run bench -- NAME [--json] [--rounds N] [--save] [--corpus DIR [--threshold T]]

  NAME      one of the benchmarks below; without it they are listed
  --json    print one JSON object: environment, rows with raw rounds, gates (use npm run -s)
  --rounds  interleaved rounds, 3 to 200 (default ${DEFAULT_ROUNDS})
  --save    also write benchmarks/results/NAME.json
  --corpus  score this corpus only (benchmarks that score data, such as anomaly); --threshold as of which score, 0 to 1
`;

const found = new Map(
  ['packages/*/bench/*.bench.ts', 'instrumentations/*/bench/*.bench.ts', 'benchmarks/*.bench.ts']
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .map((path) => [basename(path, '.bench.ts'), join(ROOT, path)]),
);

await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
      corpus: { type: 'string' },
      threshold: { type: 'string', default: '0.5' },
      help: { type: 'boolean', default: false },
    },
  });
  const [name] = positionals;
  if (name === undefined || values.help) return list();
  const path = found.get(name);
  if (path === undefined)
    return fail(`bench: no benchmark is called ${name}; there are: ${[...found.keys()].join(', ')}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 3 || rounds > 200)
    return fail(`bench: --rounds must be a whole number from 3 to 200, got ${values.rounds}`);

  const { benchmark } = (await import(pathToFileURL(path).href)) as { benchmark: Benchmark };
  if (values.corpus !== undefined) return score(benchmark, values.corpus, Number(values.threshold));
  const startedAt = new Date();
  const result = await benchmark.run({ rounds, log: (line) => process.stderr.write(`${line}\n`) });
  const report = { benchmark: name, environment: environment(startedAt, name, rounds), ...result };
  if (values.save) save(name, report);
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 1)}\n` : table(result));
  if (result.gates.some((gate) => !gate.holds)) process.exitCode = 1;
}

async function score(benchmark: Benchmark, corpus: string, threshold: number): Promise<void> {
  if (benchmark.score === undefined) return fail(`bench: ${benchmark.name} scores no corpus`);
  if (!(threshold > 0 && threshold <= 1))
    return fail(`bench: --threshold must be a number above 0 and at most 1, got ${threshold}`);
  try {
    const result = await benchmark.score({ corpus, threshold });
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } catch (error) {
    fail(`bench: ${(error as Error).message}`);
  }
}

async function list(): Promise<void> {
  process.stdout.write(`${HELP}\n`);
  for (const [name, path] of [...found].sort()) {
    const { benchmark } = (await import(pathToFileURL(path).href)) as { benchmark: Benchmark };
    process.stdout.write(`  ${name.padEnd(16)} ${benchmark.description}\n`);
  }
}

function environment(startedAt: Date, name: string, rounds: number): Record<string, string | number> {
  const [cpu] = cpus();
  return {
    date: startedAt.toISOString(),
    command: `npm run -s bench -- ${name} --json --rounds ${rounds}`,
    node: process.version,
    v8: process.versions.v8,
    os: `${process.platform} ${release()} ${process.arch}`,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

function save(name: string, report: object): void {
  const directory = join(ROOT, 'benchmarks', 'results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
}

function table({ rows, gates }: BenchmarkResult): string {
  const rowLines = rows.map((r) => `  ${r.name.padEnd(44)} ${figure(r.median).padStart(12)} ${r.unit}`);
  const gateLines = gates.map(
    (g) =>
      `  ${g.holds ? 'holds' : 'FAILS'}  ${g.gate}: ${figure(g.measured)} (reach ${g.reach}, noise ${figure(g.noise)})`,
  );
  return `\n${rowLines.join('\n')}\n\n${gateLines.join('\n')}\n`;
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}
