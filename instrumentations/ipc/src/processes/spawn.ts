import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { execArgv, execPath } from 'node:process';
import {
  type AnyFunction,
  type Carrier,
  guard,
  isSuppressed,
  observation,
  type Patch,
} from '@sonde/instrumentation-kit';
import { type Children, executableName, type Start } from './children.ts';
import { variablesFor, withVariables } from './environment.ts';

const FAILURE = 'ipc.spawn';
const KEY_BYTES = 8;

/** What `ChildProcess.prototype.spawn` takes, as far as it matters here. All of it is somebody else's. */
interface SpawnOptions {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly stdio?: unknown;
  readonly execArgv?: unknown;
  envPairs?: unknown;
}

/** A child with an IPC channel. */
export interface Forked {
  readonly child: ChildProcess;
  /** Of its script, else of its executable. */
  readonly name: string;
  /** Whether it is the same Node as this one, so that what it does not know will do it no harm. */
  readonly isNode: boolean;
  /** By which both ends know each other. */
  readonly key: string;
}

export interface SpawnConfig {
  readonly children: Children;
  readonly inherited: Carrier;
  /** A child with a channel was started. */
  readonly forked: (forked: Forked) => void;
}

function hasChannel({ stdio }: SpawnOptions): boolean {
  return Array.isArray(stdio) && stdio.includes('ipc');
}

/** `fork` puts Node's own options before the script. */
function scriptName({ file, args, execArgv: given }: SpawnOptions): string {
  const own = Array.isArray(given) ? given : execArgv;
  const script: unknown = Array.isArray(args) ? args[1 + own.length] : undefined;
  return typeof script === 'string' && !script.startsWith('-') ? basename(script) : executableName(file);
}

interface Begun {
  readonly start: Start;
  readonly key: string;
}

function begin({ children, inherited }: SpawnConfig, options: SpawnOptions): Begun {
  const start = children.begin(options.file);
  if (!Array.isArray(options.envPairs)) return { start, key: '' };
  const key = hasChannel(options) ? randomBytes(KEY_BYTES).toString('hex') : '';
  options.envPairs = withVariables(options.envPairs as string[], variablesFor(start.context, key), inherited);
  return { start, key };
}

/** Node adds to `envPairs` and `stdio` of the options too; they are a copy unless somebody calls this by himself. */
function restore(options: SpawnOptions, pairs: unknown): void {
  if (options.envPairs !== pairs) options.envPairs = pairs;
}

function finish(config: SpawnConfig, child: ChildProcess, { start, key }: Begun, options: SpawnOptions): void {
  if (child.pid === undefined) {
    // 'error' will say why.
    config.children.pending(child, start);
    return;
  }
  config.children.started(child, start);
  if (child.channel === undefined || child.channel === null) return;
  config.forked({ child, name: scriptName(options), isNode: options.file === execPath, key });
}

function spawnObserved(config: SpawnConfig, original: AnyFunction, child: ChildProcess, args: unknown[]): unknown {
  const options = args[0] as SpawnOptions;
  const pairs = guard(FAILURE, () => options.envPairs, undefined);
  const begun = guard(FAILURE, () => begin(config, options), undefined);
  if (begun === undefined) return Reflect.apply(original, child, args);
  let result: unknown;
  try {
    result = Reflect.apply(original, child, args);
  } catch (error) {
    config.children.notStarted(begun.start, error);
    throw error;
  } finally {
    guard(FAILURE, () => restore(options, pairs), undefined);
  }
  guard(FAILURE, () => finish(config, child, begun, options), undefined);
  return result;
}

/** The one way by which all children come to be that are not waited for: spawn, exec, execFile, fork, cluster.fork. */
export function wrapSpawn(config: SpawnConfig): (original: AnyFunction, patch: Patch) => AnyFunction {
  const observed = observation();
  return (original, patch) =>
    function spawn(this: ChildProcess, ...args: unknown[]): unknown {
      const isOurs = patch.active && observed.own === 0 && typeof args[0] === 'object' && args[0] !== null;
      return isOurs && !isSuppressed()
        ? spawnObserved(config, original, this, args)
        : Reflect.apply(original, this, args);
    };
}
