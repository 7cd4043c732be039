import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { outputFile } from '../../examples/trace-across-threads/src/output-file.ts';
import type { ChromeTrace } from '../../packages/causality/src/trace-export/types.ts';
import { ROOT } from './shop.ts';

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly trace: ChromeTrace;
  readonly files: readonly string[];
}

let run: Run;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sonde-example-test-'));
  const start = join(ROOT, 'examples', 'trace-across-threads', 'start.mjs');
  const { code, stdout, stderr } = await new Promise<Pick<Run, 'code' | 'stdout' | 'stderr'>>((resolve) => {
    // As npm would: the program runs in another folder than the one that the user stands in.
    const cwd = join(folder, 'example');
    mkdirSync(cwd);
    const env = { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0', TMPDIR: folder, INIT_CWD: folder };
    const child = execFile(process.execPath, [start, '--out', 'out.json'], { cwd, env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
  run = {
    code,
    stdout,
    stderr,
    trace: JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')),
    files: readdirSync(folder),
  };
}, 90_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What stands below a heading. */
function section(title: string): string {
  const found = run.stdout.split(/^── /m).find((one) => one.startsWith(title));
  if (found === undefined) throw new Error(`there is no section ${title}:\n${run.stdout}\n${run.stderr}`);
  return found;
}

/** The services of a tree's lines, in their order. */
function servicesIn(text: string): string[] {
  return [...text.matchAll(/ (gateway|buyer|warehouse) \d+/g)].map(([, service]) => service ?? '');
}

test('it runs through, leaves only the trace behind, and says nothing on stderr', () => {
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
  expect(run.files).toEqual(['example', 'out.json']);
  expect(readdirSync(join(folder, 'example'))).toEqual([]);
});

test('the file is named as the user can open it from where he stands', () => {
  expect(run.stdout).toContain('\nOpen out.json in https://ui.perfetto.dev');
});

test.each([
  ['out.json', '/home/me', '/home/me/out.json', 'out.json'],
  ['/home/me/traces/out.json', '/home/me', '/home/me/traces/out.json', 'traces/out.json'],
  ['/tmp/out.json', '/home/me', '/tmp/out.json', '/tmp/out.json'],
  ['../out.json', '/home/me', '/home/out.json', '/home/out.json'],
  ['..out.json', '/home/me', '/home/me/..out.json', '..out.json'],
  [
    undefined,
    join(process.cwd(), '..'),
    join(process.cwd(), 'trace.json'),
    join(basename(process.cwd()), 'trace.json'),
  ],
])('the file for %p of somebody in %p is %p, and he is told %p', (given, standsIn, file, shown) => {
  expect(outputFile(given, standsIn)).toEqual({ file, shown });
});

test('without the ipc instrumentation the request is in pieces', () => {
  expect(section('Without')).toContain('2 traces that know nothing of each other');
});

test('with it, one tree leads from the request through thread, child and socket, and back', () => {
  const text = section('With it');
  expect(text).toContain('One request, 1 trace:');
  expect(text).toMatch(/3 processes, 4 threads/);
  const names = [
    /GET \/quotes/,
    /send calculator\.ts/,
    /process parent/,
    /GET \/prices/,
    /process buyer\.ts/,
    /process calc/,
  ];
  // Below its line, a span may say what it waited for.
  const lines = text.split('\n').filter((line) => servicesIn(line).length > 0);
  const at = names.map((name) => lines.findIndex((line) => name.test(line)));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(at[0]).toBe(0);
  expect(text).not.toContain('parent is missing');
});

test('the critical path leads to the slow answer on the socket, not to the quick one', () => {
  const text = section('Its critical path');
  expect(text).toContain('/prices/');
  expect(text).not.toContain('/stock/');
  expect(new Set(servicesIn(text))).toEqual(new Set(['gateway', 'buyer', 'warehouse']));
});

test('the file has each process and thread, and the path first', () => {
  const names = (kind: string): unknown[] =>
    run.trace.traceEvents.filter(({ name }) => name === kind).map(({ args }) => args?.name);
  expect(names('process_name').map((name) => String(name).replace(/ \d+$/, ''))).toEqual(
    expect.arrayContaining(['critical path', 'gateway', 'buyer', 'warehouse']),
  );
  expect(names('process_name')[0]).toBe('critical path');
  expect(names('thread_name')).toContain('thread 1');
  const slices = run.trace.traceEvents.filter(({ ph }) => ph === 'X');
  expect(slices.some(({ name }) => name.startsWith('GET /prices/'))).toBe(true);
  expect(run.trace.traceEvents.some(({ ph }) => ph === 's')).toBe(true);
});
