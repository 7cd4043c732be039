import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startProtobufSink } from './otlp-sink.ts';
import { eventually, QUICKSTART } from './shop.ts';

const START = join(QUICKSTART, 'start.mjs');

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sonde-own-program-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function program(name: string, source: string): string {
  writeFileSync(join(folder, name), source);
  return name;
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [START, ...args], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder, NODE_OPTIONS: '', OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
    stdio: 'pipe',
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [stdout, stderr] = await Promise.all([streamText(child.stdout), streamText(child.stderr)]);
  const [code, signal] = await exit;
  return { code, signal, stdout, stderr };
}

async function streamText(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? '' : await text(stream);
}

test('a program gets its arguments and stdin, keeps its stdout to itself, and its exit code becomes ours', async () => {
  const file = program(
    'echo.cjs',
    `let input = '';
     process.stdin.on('data', (piece) => { input += piece; });
     process.stdin.on('end', () => {
       process.stdout.write(JSON.stringify({ input, args: process.argv.slice(2), cwd: process.cwd() }));
       process.exitCode = 37;
     });`,
  );
  const child = start([file, '--port', '80', '--help', 'a b']);
  child.stdin?.end('from a pipe');
  const { code, signal, stdout, stderr } = await ended(child);
  expect({ code, signal }).toEqual({ code: 37, signal: null });
  expect(JSON.parse(stdout)).toEqual({
    input: 'from a pipe',
    args: ['--port', '80', '--help', 'a b'],
    cwd: folder,
  });
  expect(stderr).toMatch(/metrics on http:\/\/127\.0\.0\.1:\d+\/metrics/);
  expect(stderr).toContain('ended with code 37');
});

test('an ESM program with a top-level await gets a report that counts what it did to files', async () => {
  const file = program(
    'writer.mjs',
    `import { appendFile } from 'node:fs/promises';
     for (let i = 0; i < 5; i++) await appendFile('written.txt', 'x');
     console.log('written');`,
  );
  const { code, stdout, stderr } = await ended(start([file]));
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'written\n' });
  expect(stderr).toContain('─ Filesystem ─');
  expect(stderr).toMatch(/appendFile +5 /);
});

test('where OTEL_* variables send the telemetry elsewhere, it goes there, and that is said', async () => {
  const sink = await startProtobufSink();
  const file = program(
    'elsewhere.mjs',
    `import { appendFileSync } from 'node:fs'; appendFileSync('written.txt', 'x');`,
  );
  const { code, stderr } = await ended(start([file], { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }));
  await sink.close();
  expect(code).toBe(0);
  expect(stderr).toContain('telemetry goes where the OTEL_* variables send it');
  expect(stderr).not.toContain('What Sonde saw');
  expect(sink.metrics.map(({ item }) => item.name)).toContain('sonde.vfs.operation.duration');
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a program that handles %s is given the time to end by itself',
  async (signal) => {
    const file = program(
      'orderly.mjs',
      `process.on('${signal}', () => setTimeout(() => { console.log('orderly'); process.exit(5); }, 50));
       setInterval(() => {}, 1000);
       console.log('ready');`,
    );
    const child = start([file]);
    const [first] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    expect(first.toString()).toBe('ready\n');
    const end = ended(child);
    child.kill(signal);
    const { code, stdout } = await end;
    expect({ code, stdout }).toEqual({ code: 5, stdout: 'orderly\n' });
  },
);

test('a program that a signal ends ends us by the same signal', async () => {
  const file = program('waiting.mjs', `setInterval(() => {}, 1000); console.log('ready');`);
  const child = start([file]);
  await once(child.stdout ?? child, 'data');
  const end = ended(child);
  child.kill('SIGTERM');
  const { code, signal, stderr } = await end;
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
  expect(stderr).toContain('ended by SIGTERM');
});

test('a signal to npm reaches the program, although the shell between them dies of it', async () => {
  const file = program(
    'under-npm.mjs',
    `process.on('SIGTERM', () => { console.log('orderly'); process.exit(0); });
     setInterval(() => {}, 1000);
     console.log('ready');`,
  );
  const npm = spawn('npm', ['--prefix', QUICKSTART, 'start', '--', file], { cwd: folder, stdio: 'pipe' });
  const output: string[] = [];
  npm.stdout.on('data', (piece) => output.push(String(piece)));
  const closed = once(npm.stdout, 'close');
  await eventually('the program to be ready', async () => output.join('').includes('ready') || undefined);
  npm.kill('SIGTERM');
  // The pipe closes when the last process that holds it has ended.
  await closed;
  expect(output.join('')).toContain('orderly');
});

test('a program that throws ends with code 1 and its stack on stderr', async () => {
  const file = program('broken.cjs', `setTimeout(() => { throw new Error('this is broken'); }, 20);`);
  const { code, stderr } = await ended(start([file]));
  expect(code).toBe(1);
  expect(stderr).toContain('Error: this is broken');
});

test('a taken metrics port is replaced by a free one, and that is said', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  const file = program('short.mjs', `console.log('done')`);
  const child = start([file], { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) });
  const { code, stderr } = await ended(child);
  holder.close();
  expect(code).toBe(0);
  expect(stderr).toContain(`port ${port} is taken, /metrics is on `);
});

test.each([
  [['missing.js'], 'there is no program'],
  [['--seconds', '10', 'orderly.mjs'], '--seconds belongs to the sample service'],
  [['--seconds', '4'], '--seconds must be a whole number from 5 to 3600, got "4"'],
  [['--seed=-1'], '--seed must be a whole number from 0 to 4294967295, got "-1"'],
  [['--rate', '1e3'], '--rate must be a whole number from 1 to 2000, got "1e3"'],
  [['--report', 'report.pdf'], '--report must end in .html, .json or .txt, got "report.pdf"'],
  [['--sceonds', '10'], "Unknown option '--sceonds'"],
  [['--seconds'], "Option '--seconds <value>' argument missing"],
])('the arguments %j are refused with a sentence that says what is wrong', async (args, sentence) => {
  const { code, stdout, stderr } = await ended(start(args));
  expect(stderr).toContain(sentence);
  expect(stderr).not.toContain('    at ');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});
