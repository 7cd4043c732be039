// `npm run test:long -- NAME [SEED]`: the full form of a long test; without a name, lists them.
//
// A long test is a test file with a line `// long: ...` that says what its full form does, which it does when
// SONDE_TEST_LONG is 1 (often by the constant IS_LONG of a file beside it). Its name is the name of the file,
// `torn-records` for torn-records.test.ts (`event-stream/threads` where two packages have one of that name). `laws` is
// every file with a property whose number of cases is given by `runs`, also of a file beside it. Random choices come from
// SONDE_TEST_SEED, which is fresh here unless given. What it printed is kept under benchmarks/results/long-NAME.txt.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { basename, join, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const [wanted, givenSeed] = process.argv.slice(2);

const tests = findLongTests();
const chosen = tests.filter(({ name, paths }) => name === wanted || (paths.length === 1 && paths[0] === wanted));
if (chosen.length === 1) process.exitCode = await runLong(chosen[0]);
else list();

function findLongTests() {
  const paths = globSync(['{packages,instrumentations}/*/test/**/*.test.ts', 'test/**/*.test.ts'], {
    cwd: root,
  }).sort();
  const files = paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  const found = files.flatMap(({ path, text }) => {
    const does = text.match(/^\s*\/\/ long: (.+)$/m)?.[1] ?? '';
    if (does === '' && !/\b(SONDE_TEST_LONG|IS_LONG)\b/.test(text)) return [];
    const base = basename(path, '.test.ts');
    return [{ path, base, qualified: `${path.split(sep)[1]}/${base}`, does: does === '' ? path : does }];
  });
  const isShared = ({ base }) => found.filter((other) => other.base === base).length > 1;
  const laws = files.filter(({ text }) => /\bruns\(/.test(text)).map(({ path }) => path);
  return [
    ...found.map((one) => ({ name: isShared(one) ? one.qualified : one.base, paths: [one.path], does: one.does })),
    {
      name: 'laws',
      paths: laws,
      does: `the properties in ${laws.length} files, each with fifty times as many random cases`,
    },
  ];
}

function list() {
  if (wanted !== undefined) console.error(`There is no long test ${wanted}.`);
  console.log('npm run test:long -- NAME [SEED], where NAME is one of:');
  const width = Math.max(...tests.map(({ name }) => name.length));
  for (const { name, does } of tests) console.log(`  ${name.padEnd(width)}  ${does}`);
  process.exitCode = wanted === undefined ? 0 : 1;
}

async function runLong({ name, paths }) {
  const seed = givenSeed ?? String(randomInt(1, 2 ** 31));
  const header = describeRun(name, seed);
  console.log(header);
  const startMs = performance.now();
  const args = ['--runTestsByPath', ...paths, '--verbose', '--runInBand', '--testTimeout=900000', '--colors=false'];
  const { status, text } = await runJest(args, { SONDE_TEST_LONG: '1', SONDE_TEST_SEED: seed });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  const result = `${header}\nresult: ${status === 0 ? 'passed' : 'FAILED'} after ${seconds} s\n\n${text.trim()}\n`;
  const file = join('benchmarks', 'results', `long-${name.replaceAll('/', '-')}.txt`);
  mkdirSync(join(root, 'benchmarks', 'results'), { recursive: true });
  writeFileSync(join(root, file), result.replaceAll(root, '.'));
  console.log(`kept in ${file}; again with the same choices: npm run test:long -- ${name} ${seed}`);
  return status;
}

/** Machine, versions, date and command: what somebody needs to compare with a run of their own. */
function describeRun(name, seed) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `long test: ${name}`,
    `date: ${new Date().toISOString()}`,
    `machine: ${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${gibibytes} GiB, ${process.platform} ${release()} ${process.arch}`,
    `versions: sonde ${version}, node ${process.versions.node}`,
    `command: npm run test:long -- ${name} ${seed}`,
  ].join('\n');
}

/** Shows what jest prints while it runs, and keeps it. */
function runJest(args, env) {
  const bin = join(root, 'node_modules', '.bin', 'jest');
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status: status ?? 1, text }));
  });
}
