import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { endWithParent } from './parent.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
}

/** Starts a Node program. It is ended by its pid when this process ends first. */
export function startNode(
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; stdio: 'inherit' | readonly ('ignore' | 'pipe' | 'inherit')[] },
): Started {
  const child = spawn(process.execPath, args, {
    env: options.env,
    cwd: options.cwd ?? process.cwd(),
    stdio: options.stdio === 'inherit' ? 'inherit' : [...options.stdio],
  });
  const endWithUs = (): boolean => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.removeListener('exit', endWithUs);
      resolve({ code, signal });
    });
  });
  return { child, exited };
}

/** Calls `listener` with each line of the child's stdout. */
export function onLine(child: ChildProcess, listener: (line: string) => void): void {
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', listener);
}

/** Ends a child in an orderly way, and after `patienceMs` in any way. */
export async function stop({ child, exited }: Started, patienceMs: number): Promise<Exit> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}

/** `with code 1`, `by SIGTERM`. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `with code ${code}` : `by ${signal}`;
}

/** Ends this process as the child ended: with its code, or by the signal that ended it. */
export function exitLike({ code, signal }: Exit): void {
  if (signal === null) {
    process.exitCode = code ?? 0;
    return;
  }
  process.exitCode = 128 + constants.signals[signal];
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Flags for a program that is to end, in an orderly way, when this process is gone, even if it was killed. */
export const END_WITH_PARENT: readonly string[] = [
  '--import',
  pathToFileURL(join(import.meta.dirname, 'preloads', 'end-with-parent.ts')).href,
];

/**
 * Ends this process in an orderly way when npm is gone. npm passes signals on to the shell between us, and that one
 * dies of them without telling us: without this, the program would run on with nobody to end it.
 */
export function endWithNpm(): void {
  if (process.env.npm_lifecycle_event !== undefined) endWithParent();
}
