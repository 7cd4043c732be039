import { type AnyFunction, guard, type Patches } from '@sonde/instrumentation-kit';
import { PoolOperation, type PoolOperationsConfig, type PoolWork } from './pool-operations.ts';

/** Streams, one for each kind of compressor that Node has inside, and how its work is called. */
const STREAMS: Readonly<Record<string, string>> = {
  Deflate: 'zlib',
  BrotliCompress: 'brotli.compress',
  BrotliDecompress: 'brotli.decompress',
  ZstdCompress: 'zstd.compress',
  ZstdDecompress: 'zstd.decompress',
};

/** The work in flight, null while there is none. Only on compressors that were made under the patch. */
const WORK: unique symbol = Symbol('sonde.scheduler.zlib');

/** The compressor behind a stream: its `write` hands one chunk to the pool, `writeSync` works on the spot. */
interface Compressor {
  [WORK]?: PoolWork | null;
}

function finish(operation: PoolOperation, compressor: Compressor): void {
  const work = compressor[WORK];
  if (work === undefined || work === null) return;
  compressor[WORK] = null;
  guard('scheduler.zlib', () => operation.end(work), undefined);
}

/** `init` gets the function that is called when a chunk is done, in whatever place. */
function observeInit(operation: PoolOperation): (original: AnyFunction) => AnyFunction {
  return (original) =>
    function (this: Compressor, ...args: unknown[]): unknown {
      const index = args.findIndex((argument) => typeof argument === 'function');
      if (index >= 0) {
        const done = args[index] as AnyFunction;
        this[WORK] = null;
        args[index] = function (this: Compressor): unknown {
          finish(operation, this);
          // Its stream reads arguments of none; `this` is the compressor.
          return Reflect.apply(done, this, []);
        };
      }
      return Reflect.apply(original, this, args);
    };
}

/** Makes an instance to get at the class inside, which has no name outside. */
function prototypeBehind(zlib: Record<string, unknown>, stream: string): object | undefined {
  const Stream = zlib[stream] as (new () => { _handle?: object; close(): void }) | undefined;
  if (Stream === undefined) return undefined;
  const sample = new Stream();
  const prototype = sample._handle === undefined ? undefined : Object.getPrototypeOf(sample._handle);
  sample.close();
  return prototype ?? undefined;
}

/**
 * Counts the chunks of asynchronous zlib, brotli and zstd streams, and so of `gzip()` and the like, into the account of
 * the libuv pool. Patched is the compressor and not the stream: a stream whose reader is slow holds its chunk, but no
 * thread of the pool.
 */
export function patchZlib(patches: Patches, zlib: Record<string, unknown>, config: PoolOperationsConfig): void {
  for (const [stream, name] of Object.entries(STREAMS)) {
    const prototype = guard('scheduler.zlib', () => prototypeBehind(zlib, stream), undefined);
    if (prototype === undefined) continue;
    const operation = new PoolOperation(name, config);
    patches.wrap(prototype, 'init', observeInit(operation));
    patches.wrap(
      prototype,
      'write',
      (original, patch) =>
        function (this: Compressor, ...args: unknown[]): unknown {
          if (patch.active && this[WORK] !== undefined) {
            this[WORK] = guard('scheduler.zlib', () => operation.begin(), null);
          }
          return Reflect.apply(original, this, args);
        },
    );
    // A stream that fails or is destroyed closes its compressor; the chunk in work is never reported as done then.
    patches.wrap(
      prototype,
      'close',
      (original) =>
        function (this: Compressor, ...args: unknown[]): unknown {
          finish(operation, this);
          return Reflect.apply(original, this, args);
        },
    );
  }
}
