/** Runs an application as a user would, up to the point where it says `ready`, and then lets it end. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { plainEnvironment } from '../packaging/published.ts';

export interface ProgramOptions {
  readonly node: string;
  readonly cwd: string;
  /** Flags, script and arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called once when the program has printed a line `ready`; its stdin ends afterwards. */
  readonly whenReady?: () => Promise<void>;
}

/** What a user sees of a program. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 30_000;

export function runProgram(options: ProgramOptions): Promise<Outcome> {
  const { node, cwd, args, env = {}, whenReady = async () => {} } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd, env: plainEnvironment(env), stdio: 'pipe' });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    let stdout = '';
    let stderr = '';
    let isReady = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (isReady || !/^ready$/m.test(stdout)) return;
      isReady = true;
      whenReady().then(
        () => child.stdin.end(),
        (error: unknown) => {
          stderr += `[asking the running program failed: ${error}]`;
          child.stdin.end();
        },
      );
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A program that is gone already: its exit code tells.
    child.stdin.on('error', () => {});
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/**
 * A port that nobody listens on, from below the range out of which the system answers `listen(0)`: what an application
 * asks for itself meanwhile is another.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
