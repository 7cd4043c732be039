// `npm run coverage [-- packages/x]`: line coverage of packages/ and instrumentations/, with child processes and worker
// threads counted. Two measurements are laid over each other, because neither sees everything: jest's own, which maps the
// code that it transformed itself, and V8's of every process and thread that a test starts, which run dist (mapped to
// its sources) or the sources themselves. Fails under 90 % of the lines that hold code.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const MIN_PERCENT = 90;
const SOURCES = '{packages,instrumentations}/*/src/**/*.ts';
const root = join(import.meta.dirname, '..');
const output = join(root, 'coverage');
const raw = join(output, 'raw');
const patterns = process.argv.slice(2);

rmSync(output, { recursive: true, force: true });
mkdirSync(raw, { recursive: true });
const jestFlags = ['--coverage', '--coverageReporters=json', `--coverageDirectory=${output}/jest`];
const jestStatus = run('jest', [...jestFlags, ...patterns], { NODE_V8_COVERAGE: raw });
dropJestProcesses();
// Without any measurement c8 fails: then no test has started a process.
const hasChildren = readdirSync(raw).length > 0;
const c8Status = hasChildren
  ? run('c8', [
      'report',
      `--temp-directory=${raw}`,
      `--reports-dir=${output}/children`,
      '--reporter=json',
      '--exclude-after-remap',
      '--merge-async',
      '--extension=.ts',
      `--include=${SOURCES}`,
    ])
  : 0;
if (c8Status !== 0) process.exit(c8Status);
rmSync(raw, { recursive: true });
const percent = printTable(measure());
if (percent < MIN_PERCENT) console.error(`coverage: ${percent.toFixed(2)} % of lines is under ${MIN_PERCENT} %`);
if (jestStatus !== 0) console.error('coverage: tests failed, so what they would have covered may be missing above');
process.exit(jestStatus !== 0 || percent < MIN_PERCENT ? 1 : 0);

function run(tool, args, env = {}) {
  const bin = join(root, 'node_modules', '.bin', tool);
  return spawnSync(process.execPath, [bin, ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
    .status;
}

/** What V8 saw in jest's own processes has the offsets of transformed code and no source maps: jest reports those. */
function dropJestProcesses() {
  for (const name of readdirSync(raw)) {
    const path = join(raw, name);
    if (/\/node_modules\/jest-(cli|runner|worker|circus)\//.test(readFileSync(path, 'utf8'))) rmSync(path);
  }
}

/** For each source file with code in it: its lines of code, and which of them nothing ran. */
function measure() {
  const reports = ['jest', 'children']
    .map((name) => join(output, name, 'coverage-final.json'))
    .filter((path) => existsSync(path));
  const hits = new Map();
  for (const report of reports) {
    for (const [path, { statementMap, s }] of Object.entries(JSON.parse(readFileSync(report, 'utf8')))) {
      const lines = hits.get(path) ?? new Map();
      hits.set(path, lines);
      for (const [id, { start }] of Object.entries(statementMap)) {
        lines.set(start.line, Math.max(lines.get(start.line) ?? 0, s[id]));
      }
    }
  }
  const wanted = (path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern));
  return globSync(SOURCES, { cwd: root })
    .filter(wanted)
    .sort((left, right) => dirname(left).localeCompare(dirname(right)) || left.localeCompare(right))
    .filter(hasCode)
    .map((path) => {
      const code = linesOfCode(readFileSync(join(root, path), 'utf8'));
      const lines = hits.get(join(root, path));
      return { path, code: code.length, missed: code.filter((line) => (lines?.get(line) ?? 0) === 0) };
    });
}

/** Types alone leave nothing to run: `export {};` and comments. */
function hasCode(path) {
  const built = join(root, path.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));
  return !existsSync(built) || withoutComments(readFileSync(built, 'utf8')).replace('export {};', '').trim() !== '';
}

function withoutComments(text) {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

/** Numbers of the lines that are neither blank nor comment; a comment would count as run, and flatter. */
function linesOfCode(text) {
  const blanked = text.replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
  return blanked.split('\n').flatMap((line, index) => (/^\s*(\/\/.*)?$/.test(line) ? [] : [index + 1]));
}

function printTable(files) {
  const width = Math.max(...files.map(({ path }) => path.length), 10);
  let folder = '';
  for (const { path, code, missed } of files) {
    if (dirname(path) !== folder) {
      folder = dirname(path);
      const inside = files.filter((file) => dirname(file.path) === folder);
      console.log(`\n${folder.padEnd(width)} ${share(inside)}`);
    }
    console.log(`  ${relative(folder, path).padEnd(width - 2)} ${share([{ code, missed }])}  ${ranges(missed)}`);
  }
  console.log(`\n${'all lines of code'.padEnd(width)} ${share(files)}`);
  return percentOf(files);
}

function percentOf(files) {
  const code = files.reduce((sum, file) => sum + file.code, 0);
  const missed = files.reduce((sum, file) => sum + file.missed.length, 0);
  return code === 0 ? 0 : (100 * (code - missed)) / code;
}

function share(files) {
  return `${percentOf(files).toFixed(2).padStart(6)} %`;
}

/** 3,4,5,9 -> 3-5 9 */
function ranges(lines) {
  const found = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(' ');
}
