import {
  type AnyFunction,
  type Carrier,
  guard,
  isSuppressed,
  observation,
  type Patch,
} from '@sonde/instrumentation-kit';
import type { Children, Start } from './children.ts';
import { variablesFor, withVariables } from './environment.ts';

const FAILURE = 'ipc.spawn-sync';

/** Where a function that waits for its child takes what. */
export interface SyncForm {
  /** Arguments of the child may come between the file and the options. */
  readonly hasArgs: boolean;
  /** It always goes through a shell. */
  readonly isShell: boolean;
  /** It returns what became of the child, not its output. */
  readonly isTelling: boolean;
}

export const SYNC_FORMS: Readonly<Record<'spawnSync' | 'execFileSync' | 'execSync', SyncForm>> = {
  spawnSync: { hasArgs: true, isShell: false, isTelling: true },
  execFileSync: { hasArgs: true, isShell: false, isTelling: false },
  execSync: { hasArgs: false, isShell: true, isTelling: false },
};

export interface SpawnSyncConfig {
  readonly children: Children;
  readonly inherited: Carrier;
}

interface SyncOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly shell?: unknown;
}

/** What became of a child: the result of `spawnSync`, or the error that the others throw. */
interface SyncResult {
  readonly pid?: unknown;
  readonly status?: unknown;
  readonly signal?: unknown;
  readonly error?: unknown;
}

function isOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The place of the options among the arguments; undefined where there is something that Node will refuse. */
function optionsIndex(args: readonly unknown[], { hasArgs }: SyncForm): number | undefined {
  if (hasArgs && isOptions(args[1])) return 1;
  const index = hasArgs ? 2 : 1;
  const options = args[index];
  return options === undefined || options === null || isOptions(options) ? index : undefined;
}

function executable(file: unknown, { shell }: SyncOptions, { isShell }: SyncForm): unknown {
  if (typeof shell === 'string') return shell;
  if (!isShell && shell !== true) return file;
  return process.platform === 'win32' ? (process.env.comspec ?? 'cmd.exe') : 'sh';
}

function splitPair(pair: string): [string, string] {
  // From 1: on Windows there are names that begin with one.
  const end = pair.indexOf('=', 1);
  return [pair.slice(0, end), pair.slice(end + 1)];
}

/** A copy of an environment, with the context variables of a child in it. */
function environmentFor(given: NodeJS.ProcessEnv, start: Start, inherited: Carrier): NodeJS.ProcessEnv {
  const pairs: string[] = [];
  const absent: [string, undefined][] = [];
  // What is inherited counts, as it does for Node; and so does what is explicitly undefined.
  for (const key in given) {
    const value = given[key];
    if (value === undefined) absent.push([key, undefined]);
    else pairs.push(`${key}=${value}`);
  }
  const replaced = withVariables(pairs, variablesFor(start.context, ''), inherited).map(splitPair);
  return Object.fromEntries([...absent, ...replaced]);
}

function withEnvironment(
  args: readonly unknown[],
  index: number,
  env: (given: NodeJS.ProcessEnv) => NodeJS.ProcessEnv,
) {
  const { env: given, ...others } = (args[index] ?? {}) as SyncOptions;
  const changed = [...args];
  while (changed.length < index) changed.push(undefined);
  changed[index] = { ...others, env: env(given || process.env) };
  return changed;
}

function tell(children: Children, start: Start, { pid, status, signal, error }: SyncResult): void {
  // No pid, or 0: there never was a child. One that was killed for its time or its output did run, and has an error too.
  if (typeof pid !== 'number' || pid === 0) {
    children.notStarted(start, error);
    return;
  }
  children.ranSync(start, pid, {
    code: typeof status === 'number' ? status : undefined,
    signal: typeof signal === 'string' ? signal : undefined,
    isWanted: false,
  });
}

function ended(children: Children, start: Start, result: SyncResult | undefined): void {
  if (result === undefined) children.ranSync(start, undefined, { code: 0, signal: undefined, isWanted: false });
  else tell(children, start, result);
}

interface SyncCall {
  readonly original: AnyFunction;
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** Of the options among them. */
  readonly index: number;
}

function spawnObserved({ children, inherited }: SpawnSyncConfig, form: SyncForm, call: SyncCall): unknown {
  const { original, self, args, index } = call;
  const options = (args[index] ?? {}) as SyncOptions;
  const start = guard(FAILURE, () => children.begin(executable(args[0], options, form)), undefined);
  if (start === undefined) return Reflect.apply(original, self, args);
  const environment = (given: NodeJS.ProcessEnv): NodeJS.ProcessEnv => environmentFor(given, start, inherited);
  const changed = guard(FAILURE, () => withEnvironment(args, index, environment), args);
  let result: unknown;
  try {
    result = Reflect.apply(original, self, changed);
  } catch (error) {
    guard(FAILURE, () => tell(children, start, { error, ...(Object(error) as SyncResult) }), undefined);
    throw error;
  }
  guard(FAILURE, () => ended(children, start, form.isTelling ? (result as SyncResult) : undefined), undefined);
  return result;
}

/** Wraps one of those that wait for their child. None of them calls another by a name that could be patched. */
export function wrapSpawnSync(
  config: SpawnSyncConfig,
  form: SyncForm,
): (original: AnyFunction, patch: Patch) => AnyFunction {
  const observed = observation();
  return (original, patch) =>
    function spawnSync(this: unknown, ...args: unknown[]): unknown {
      const index = optionsIndex(args, form);
      const isOurs = patch.active && index !== undefined && observed.own === 0 && !isSuppressed();
      return isOurs
        ? spawnObserved(config, form, { original, self: this, args, index })
        : Reflect.apply(original, this, args);
    };
}
