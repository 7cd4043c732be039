/** Runs a program as a user would: in a process of its own, with the packages as they are built in dist. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const FIXTURES = join(import.meta.dirname, 'fixtures');
export const REGISTER = '@sonde/node/register';
/** The Node.js that runs the programs; the compatibility matrix sets others. */
export const NODE = process.env.SONDE_TEST_NODE ?? process.execPath;

/** The preload as a file, for programs that are not run from fixtures/. */
export const REGISTER_FILE = join(import.meta.dirname, '..', '..', 'packages', 'node', 'dist', 'register.js');
/** `--permission` with what Node.js 26 wants besides to let a program use the network. */
export const PERMISSION =
  spawnSync(NODE, ['--permission', '--allow-net', '-e', '0']).status === 0
    ? ['--permission', '--allow-net', '--disable-warning=ExperimentalWarning']
    : ['--permission'];

/** The four ways in: how the preload is given, and what kind of module the program is. */
export const WAYS = [
  { flag: '--import', kind: 'mjs' },
  { flag: '--import', kind: 'cjs' },
  { flag: '--require', kind: 'mjs' },
  { flag: '--require', kind: 'cjs' },
] as const;

export interface ProgramOptions {
  /** Flags, script and arguments; scripts are found in fixtures/. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called for each line of stdout; may send signals. */
  readonly onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Opens an IPC channel. */
  readonly ipc?: boolean;
  /** The program is run by this instead of by Node.js directly, e.g. `setpriv`. */
  readonly through?: readonly string[];
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 25_000;

export function runProgram({
  args,
  env = {},
  cwd = FIXTURES,
  onLine,
  ipc,
  through = [],
}: ProgramOptions): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env;
  // Node.js hands NODE_V8_COVERAGE on by itself. A program that may write nothing would complain about it.
  const isFree = through.length === 0 && !args.includes('--permission');
  const coverage = isFree ? {} : { NODE_V8_COVERAGE: '' };
  const [command = NODE, ...rest] = [...through, NODE, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      cwd,
      env: { PATH, HOME, ...coverage, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc === true ? (['ipc'] as const) : [])],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    let stdout = '';
    let stderr = '';
    let seen = 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      for (let end = stdout.indexOf('\n', seen); end !== -1; end = stdout.indexOf('\n', seen)) {
        onLine?.(stdout.slice(seen, end), (signal) => child.kill(signal));
        seen = end + 1;
      }
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** A port that nobody has at the moment. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
