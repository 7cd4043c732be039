import { isIP } from 'node:net';
import { type Context, context } from '@opentelemetry/api';
import { guard } from './guard.ts';
import { type LibuvPool, libuvPool } from './libuv-pool.ts';
import { isSuppressed } from './observation.ts';
import { createPatches } from './patches.ts';
import type { AnyFunction, Patch } from './types.ts';
import { noteWait } from './waits.ts';

/** They work in the libuv pool: getaddrinfo, getnameinfo. */
const LOOKUPS = ['lookup', 'lookupService'] as const;
/** They ask a name server themselves. */
const QUERIES = [
  'resolve',
  'resolve4',
  'resolve6',
  'resolveAny',
  'resolveCaa',
  'resolveCname',
  'resolveMx',
  'resolveNaptr',
  'resolveNs',
  'resolvePtr',
  'resolveSoa',
  'resolveSrv',
  'resolveTlsa',
  'resolveTxt',
  'reverse',
] as const;

const SCOPE = 'kit.dns-waits';
/** What took less is not noted as a wait of its request. */
const LONG_MS = 0.05;

/** A name look-up under way. */
class Lookup {
  readonly #pool: LibuvPool | undefined;
  readonly #active: Context = context.active();
  readonly #startMs: number = performance.now();
  readonly #ticket: number;
  #isOpen = true;

  constructor(pool: LibuvPool | undefined) {
    this.#pool = pool;
    this.#ticket = pool?.enterSlow(this.#startMs) ?? -1;
  }

  /** It was refused: nothing ran. */
  cancel(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pool?.leaveSlow(undefined, this.#ticket);
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const endMs = performance.now();
    this.#pool?.leaveSlow(endMs, this.#ticket);
    if (endMs - this.#startMs < LONG_MS) return;
    const takenUpMs = this.#pool?.takenUpMs(this.#ticket, this.#startMs, endMs) ?? this.#startMs;
    noteWait('pool', this.#startMs, takenUpMs, this.#active);
    noteWait('connect', takenUpMs, endMs, this.#active);
  }
}

/** Addresses are not looked up. */
function isLookup(patch: Patch, pool: LibuvPool | undefined, args: readonly unknown[]): boolean {
  const [name, port] = args;
  const isAddress = pool !== undefined && typeof port !== 'number' && typeof name === 'string' && isIP(name) !== 0;
  return patch.active && !isAddress && !isSuppressed();
}

function begin(patch: Patch, pool: LibuvPool | undefined, args: readonly unknown[]): Lookup | undefined {
  return guard(SCOPE, () => (isLookup(patch, pool, args) ? new Lookup(pool) : undefined), undefined);
}

function endFirst(lookup: Lookup, callback: AnyFunction): AnyFunction {
  return function (this: unknown, ...results: unknown[]): unknown {
    guard(SCOPE, () => lookup.end(), undefined);
    return Reflect.apply(callback, this, results);
  };
}

/** The start of one; what is thrown at once is the application's. */
function start(lookup: Lookup, original: AnyFunction, self: unknown, args: readonly unknown[]): unknown {
  try {
    return Reflect.apply(original, self, args);
  } catch (error) {
    guard(SCOPE, () => lookup.cancel(), undefined);
    throw error;
  }
}

function observeCallback(pool: LibuvPool | undefined): (original: AnyFunction, patch: Patch) => AnyFunction {
  return (original, patch) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const index = args.findLastIndex((argument) => typeof argument === 'function');
      const lookup = index < 0 ? undefined : begin(patch, pool, args);
      if (lookup === undefined) return Reflect.apply(original, this, args);
      args[index] = endFirst(lookup, args[index] as AnyFunction);
      return start(lookup, original, this, args);
    };
}

/** What is handed on is the last promise of the chain: its rejection goes unhandled if nobody handles it. */
function observePromise(pool: LibuvPool | undefined): (original: AnyFunction, patch: Patch) => AnyFunction {
  return (original, patch) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const lookup = begin(patch, pool, args);
      if (lookup === undefined) return Reflect.apply(original, this, args);
      const promise = start(lookup, original, this, args) as Promise<unknown>;
      const end = (): void => guard(SCOPE, () => lookup.end(), undefined);
      return promise.then(
        (value) => {
          end();
          return value;
        },
        (error) => {
          end();
          throw error;
        },
      );
    };
}

/**
 * Notes name look-ups as waits of those who asked, and counts those that work in the libuv pool into its account. Not by
 * performance entries: these carry no context, come a turn late, include what the callback did, and there is none for a
 * look-up that failed, after however many seconds. Returns the undo.
 */
export function observeLookups(): () => void {
  const patches = createPatches();
  const dns = process.getBuiltinModule('node:dns');
  const styles = [
    { wrap: observeCallback, targets: [dns, dns.Resolver.prototype] },
    { wrap: observePromise, targets: [dns.promises, dns.promises.Resolver.prototype] },
  ];
  for (const { wrap, targets } of styles) {
    for (const target of targets) {
      for (const name of LOOKUPS) patches.wrap(target, name, wrap(libuvPool()));
      for (const name of QUERIES) patches.wrap(target, name, wrap(undefined));
    }
  }
  patches.sync();
  return () => patches.restore();
}
