import { basename } from 'node:path';

/** Set in the environment of a process in which Sonde runs: its children know themselves by it. */
export const PARENT_VARIABLE = 'SONDE_PARENT_PID';

/**
 * What this process or thread is to Sonde:
 * - `main`: may print and bind a port;
 * - `child`: started by a process in which Sonde runs: neither;
 * - `worker`: a worker thread: neither, and its events and metrics go to the main thread;
 * - `tool`: a package manager or another launcher that only inherits NODE_OPTIONS on the way to the program: Sonde stays
 *   out altogether, or the program would be its child.
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

const PACKAGE_MANAGERS = ['npm', 'npx', 'npm-cli', 'npx-cli', 'yarn', 'yarnpkg', 'pnpm', 'pnpx', 'corepack'];
const TASK_RUNNERS = ['concurrently', 'run-s', 'run-p', 'npm-run-all', 'turbo', 'nx', 'lerna'];
const LAUNCHERS = ['nodemon', 'tsx', 'ts-node-dev', 'tsnd', 'pm2', 'pm2-runtime', 'forever', 'cross-env', 'env-cmd'];
const TOOLS = new Set([...PACKAGE_MANAGERS, ...TASK_RUNNERS, ...LAUNCHERS]);
const EXTENSION = /\.[cm]?js$/;
const PM2_DAEMON = /[\\/]pm2[\\/]lib[\\/]Daemon\.js$/;

function isTool(script: string | undefined): boolean {
  if (script === undefined) return false;
  return TOOLS.has(basename(script).replace(EXTENSION, '')) || PM2_DAEMON.test(script);
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
