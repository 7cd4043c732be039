import type { EventDefinition } from '@sonde/event-stream';

/** One attribute that a package puts on its metrics, events or spans. */
export interface AttributeDefinition {
  /** Name as exported; a semantic-convention name wherever one exists. */
  readonly name: string;
  readonly type: 'string' | 'int' | 'double' | 'boolean' | 'string[]';
  readonly description: string;
  readonly example: string | number | boolean | readonly string[];
}

/** One metric that a package emits. Durations are in `s`, sizes in `By` (UCUM). */
export interface MetricDefinition {
  readonly name: string;
  /** UCUM unit, `1` or an annotation such as `{operation}`. */
  readonly unit: string;
  readonly instrument: 'counter' | 'updowncounter' | 'gauge' | 'histogram';
  readonly description: string;
  /** Names out of the package's attribute table. */
  readonly attributes: readonly string[];
  /** Upper bounds of explicit buckets, ascending; histograms only. Default: the seconds-shaped ones of hot metrics. */
  readonly bucketBoundaries?: readonly number[];
  /** True: the value is read in a callback at each collection instead of being recorded. */
  readonly observed?: boolean;
}

/** A metric of a known kind: for the declared type of a table (`{ readonly duration: MetricOf<'histogram'> }`). */
export type MetricOf<Kind extends MetricDefinition['instrument']> = MetricDefinition & { readonly instrument: Kind };

/** One kind of span that a package creates. */
export interface SpanDefinition {
  /** Name as exported, with `{attribute}` placeholders for what varies. */
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly description: string;
  readonly attributes: readonly string[];
}

/**
 * The public vocabulary of one package, exported as `TELEMETRY` from its `semantic-names.ts`. Instruments and events
 * are created from it and docs/telemetry.md is generated from it, so that the three cannot disagree. The tables are
 * records: the key is how code names an entry (`TELEMETRY.metrics.operationDuration`), `name` is what is exported.
 */
export interface Telemetry<
  Metrics extends Readonly<Record<string, MetricDefinition>> = Readonly<Record<string, MetricDefinition>>,
  Events extends Readonly<Record<string, EventDefinition>> = Readonly<Record<string, EventDefinition>>,
  Spans extends Readonly<Record<string, SpanDefinition>> = Readonly<Record<string, SpanDefinition>>,
  Attributes extends Readonly<Record<string, AttributeDefinition>> = Readonly<Record<string, AttributeDefinition>>,
> {
  /** OpenTelemetry instrumentation scope: the package name. */
  readonly scope: string;
  /** Package version, the version of the scope. */
  readonly version: string;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly spans: Spans;
  readonly attributes: Attributes;
}

/** Any function, as a patch sees it. */
// biome-ignore lint/suspicious/noExplicitAny: a patch must accept every signature
export type AnyFunction = (this: any, ...args: any[]) => any;

/** State of one patch, shared with the wrapper: when `active` is false, the wrapper must only call the original. */
export interface Patch {
  active: boolean;
}

/** A set of in-place patches that is undone together. */
export interface Patches {
  /**
   * Replaces `target[key]` by what `create(original, patch)` returns. The wrapper takes over name, length, property
   * descriptor, own properties (`util.promisify.custom` among them) and prototype of the original. It must check
   * `patch.active` on each call and only call the original once it is false: callers may hold it for ever.
   * @returns false when there is nothing to wrap (absent, no function, an accessor, frozen); nothing is changed then.
   */
  wrap<T extends object>(
    target: T,
    key: PropertyKey,
    create: (original: AnyFunction, patch: Patch) => AnyFunction,
  ): boolean;
  /** Makes named ESM imports of built-in modules see the present state of the patches. */
  sync(): void;
  /**
   * Removes every patch that is still on top, deactivates those over which somebody else wrapped (removing them would
   * remove the foreign wrapper), and calls `sync()`.
   */
  restore(): void;
  /** Patches in place now. */
  readonly size: number;
}

/** Policy of {@link createSlowOperations}. */
export interface SlowOperationsConfig {
  /** Static limit in ms: an operation that takes this long or longer is slow. `Infinity` switches it off. Default 100. */
  thresholdMs?: number;
  /**
   * Quantile (0 < q < 1) of an operation's own past above which it is slow as well. `undefined` (the default) switches
   * it off; costs some 5 ns an operation and 2 KB per operation kind.
   */
  quantile?: number | undefined;
  /** Durations seen before the quantile counts. Default 200. */
  minCount?: number;
  /** Below this many ms nothing is slow by the quantile. Default 5. */
  floorMs?: number;
}

/** Tells slow operations from ordinary ones, per operation index. */
export interface SlowOperations {
  /**
   * Whether this duration is slow for this operation, judged by the past without it; then it becomes part of the past.
   * @param operation small integer chosen by the caller (an index, not a hash)
   * @param durationMs milliseconds; NaN and negatives are never slow
   */
  isSlow(operation: number, durationMs: number): boolean;
  /** The limit that applies to this operation now, in ms. */
  limitMs(operation: number): number;
}
