import { basename } from 'node:path';

/** Set in the environment of a process in which Sonde runs: its children know themselves by it. */
export const PARENT_VARIABLE = 'SONDE_PARENT_PID';

/**
 * What this process or thread is to Sonde:
 * - `main`: may print and bind a port;
 * - `child`: started by a process in which Sonde runs: neither;
 * - `worker`: a worker thread: neither, and its events and metrics go to the main thread;
 * - `tool`: a package manager that only inherits NODE_OPTIONS on the way to the program: Sonde stays out altogether.
 */
export type ProcessRole = 'main' | 'child' | 'worker' | 'tool';

/** What the role is told from. */
export interface ProcessFacts {
  readonly isMainThread: boolean;
  readonly pid: number;
  /** `process.argv[1]`. */
  readonly script: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

const TOOLS = new Set(['npm', 'npx', 'yarn', 'yarnpkg', 'pnpm', 'pnpx', 'corepack', 'npm-cli', 'npx-cli']);
const EXTENSION = /\.[cm]?js$/;

function isTool(script: string | undefined): boolean {
  return script !== undefined && TOOLS.has(basename(script).replace(EXTENSION, ''));
}

/**
 * Tells the role. A child is known by SONDE_PARENT_PID, which `markChildren` sets: NODE_OPTIONS and `execArgv` hand
 * the preload down to children of every kind (fork, cluster, spawn, execSync, a shell in between), an IPC channel only
 * some of them have, and process managers give one to programs that are nobody's children.
 */
export function processRole({ isMainThread, pid, script, environment }: ProcessFacts): ProcessRole {
  if (!isMainThread) return 'worker';
  if (isTool(script)) return 'tool';
  const parent = environment[PARENT_VARIABLE];
  return parent !== undefined && parent !== '' && parent !== String(pid) ? 'child' : 'main';
}

/** Makes processes started from here on know that they are children. One variable in `process.env`. */
export function markChildren(environment: NodeJS.ProcessEnv, pid: number): void {
  environment[PARENT_VARIABLE] = String(pid);
}
