/**
 * The compatibility matrix: `npm run test:compat -- [--node 24,26] [--sdk 2.12,3.x] [--cell TEXT] [--suites] [--keep]`.
 * `--suites` runs the test suites of the repository with each Node as well, which takes some minutes each.
 * Needs a package registry, or npm's cache from an earlier run.
 */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packAll, temporaryFolder } from '../packaging/published.ts';
import { type Cell, cells } from './cells.ts';
import { NODE_VERSIONS, type NodeBinary, nodeBinary } from './node-versions.ts';
import { makeSandbox } from './sandbox.ts';
import { SDK_LINES, type SdkLine } from './sdk-lines.ts';
import { suiteFaults } from './suites.ts';

interface Task {
  readonly node: NodeBinary;
  readonly line: SdkLine;
  readonly folder: string;
  readonly cell: Cell;
}

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: NODE_VERSIONS.join() },
    sdk: { type: 'string', default: Object.keys(SDK_LINES).join() },
    cell: { type: 'string', default: '' },
    suites: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const lines = values.sdk.split(',') as SdkLine[];
  const unknown = lines.find((line) => !(line in SDK_LINES));
  if (unknown !== undefined) throw new RangeError(`--sdk must be of ${Object.keys(SDK_LINES)}, got ${unknown}`);
  const chosen = cells().filter(({ name }) => name.includes(values.cell));
  if (chosen.length === 0)
    throw new RangeError(`--cell ${values.cell} is part of no name of: ${cells().map(({ name }) => name)}`);
  const folder = temporaryFolder('compat');
  try {
    return (await runMatrix(folder, lines, chosen)) === 0 ? 0 : 1;
  } finally {
    if (values.keep) console.log(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function runMatrix(folder: string, lines: readonly SdkLine[], chosen: readonly Cell[]): Promise<number> {
  const startMs = Date.now();
  const packages = packAll(join(folder, 'tarballs'));
  const nodes: NodeBinary[] = [];
  for (const wanted of values.node.split(',')) nodes.push(await nodeBinary(wanted));
  console.log(`Node ${nodes.map(({ version }) => version).join(', ')}`);
  const tasks: Task[] = [];
  for (const line of lines) {
    const sandbox = await makeSandbox(join(folder, `sdk-${line}`), line, packages);
    console.log(`SDK ${line}: installed with ${packages.length} packages of Sonde`);
    for (const node of nodes) {
      const able = chosen.filter(({ since }) => since === undefined || isFrom(node.version, since));
      tasks.push(...able.map((cell) => ({ node, line, folder: sandbox, cell })));
    }
  }
  const failedCells = await runTasks(tasks);
  const failedSuites = values.suites ? await runSuites(nodes) : 0;
  const seconds = ((Date.now() - startMs) / 1000).toFixed(0);
  console.log(`\n${tasks.length - failedCells} of ${tasks.length} cells hold (${seconds} s)`);
  return failedCells + failedSuites;
}

/** Whether a version (major.minor.patch) is this one (major.minor) or a later one. */
function isFrom(version: string, since: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/** As many cells at once as there are cores; prints a row as each one ends. */
async function runTasks(tasks: readonly Task[]): Promise<number> {
  console.log(`\n${row('Node', 'SDK', 'cell')} result`);
  const queue = [...tasks];
  let failed = 0;
  const lane = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const { node, line, folder, cell } = task;
      const faults = await cell.run({ node: node.path, folder }).catch((error: unknown) => [String(error)]);
      if (faults.length > 0) failed++;
      printResult(row(node.version, line, cell.name), faults);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return failed;
}

/** The suites with each Node, one after the other: they use all cores themselves. */
async function runSuites(nodes: readonly NodeBinary[]): Promise<number> {
  let failed = 0;
  for (const node of nodes) {
    const faults = await suiteFaults(node);
    if (faults.length > 0) failed++;
    printResult(row(node.version, '3.x', 'test suites'), faults);
  }
  return failed;
}

function printResult(head: string, faults: readonly string[]): void {
  const lines = faults.map((fault) => `\n    ${fault}`).join('');
  console.log(`${head} ${faults.length === 0 ? 'ok' : `FAILED${lines}`}`);
}

function row(node: string, line: string, cell: string): string {
  return `${node.padEnd(9)} ${line.padEnd(5)} ${cell.padEnd(22)}`;
}
