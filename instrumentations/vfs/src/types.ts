import type { InstrumentationConfig } from '@opentelemetry/instrumentation';
import type { PathPolicy } from '@sonde/instrumentation-kit';

/** Options of {@link VfsInstrumentation}. `enabled` is that of every OpenTelemetry instrumentation. */
export interface VfsConfig extends InstrumentationConfig {
  /** An operation that takes this many ms or longer is slow: an event and a span. >= 0; `Infinity`: never. Default 100. */
  slowThresholdMs?: number;
  /**
   * Quantile, 0 < q < 1, of the same operation's past on the same mount above which it is slow as well (not below 5 ms,
   * not before 200 calls). Default: off. Costs some 10 ns a call.
   */
  slowQuantile?: number;
  /**
   * Synchronous operations on a path that move no bytes (stat, exists, access, ...) and took under 50 µs last time are
   * timed once in so many calls on average; all are counted. 1 to 1000; 1 times each, at some 100 ns more a call.
   * Default 8.
   */
  syncSampling?: number;
  /** Whether a slow operation also makes a span, at most 10 a second and 50 at once. Default true. */
  slowSpans?: boolean;
  /**
   * What events and spans say of paths: `none`, `hashed`, `redacted` (file names and identifiers replaced by `*`) or
   * `full`. Metrics never carry paths. Default `redacted`.
   */
  paths?: PathPolicy;
  /** Operations that are left alone altogether, by name (`stat`, `readFile`, ...). Default: none. */
  ignoreOperations?: readonly string[];
  /**
   * Files that are not counted. Called with the path as given at each operation on a path; what it throws is taken as
   * false. Default: none.
   */
  ignorePath?: (path: string) => boolean;
}

/** {@link VfsConfig} checked and filled. */
export interface ResolvedConfig {
  readonly slowThresholdMs: number;
  readonly slowQuantile: number | undefined;
  readonly syncSampling: number;
  readonly slowSpans: boolean;
  readonly paths: PathPolicy;
  readonly ignoreOperations: ReadonlySet<string>;
  readonly ignorePath: ((path: string) => boolean) | undefined;
}

/** The style of call, `sonde.vfs.api`: only `sync` blocks the event loop. */
export type ApiStyle = 'sync' | 'callback' | 'promise';

/** A mounted filesystem as telemetry names it. */
export interface Mount {
  /** Where it is mounted, `unknown` when that cannot be told. */
  readonly mountpoint: string;
  /** As in /proc/self/mountinfo: `ext4`, `overlay`, `nfs4`, `tmpfs`, ... */
  readonly type: string;
}
