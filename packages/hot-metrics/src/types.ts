import type { Context, MeterProvider } from '@opentelemetry/api';
import type { AggregationTemporality, InstrumentType, MetricProducer } from '@opentelemetry/sdk-metrics';

/** Attributes of a series. Values are narrowed at `bind`: see README, "Attributes". */
export interface HotAttributes {
  readonly [key: string]: unknown;
}

/** What an instrument measures. */
export type InstrumentKind = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

/** Options every instrument takes. */
export interface InstrumentConfig {
  /** Unit as a UCUM code, at most 63 characters. Default: '' (histograms: 's'). */
  unit?: string;
  /** One sentence for people. Default: ''. */
  description?: string;
  /**
   * Most series this instrument holds, the overflow series included; 1 to 1,000,000. Default 2000.
   * Each further attribute set is recorded into the one series with `otel.metric.overflow=true`.
   */
  cardinalityLimit?: number;
}

/** Range and resolution of an exponential histogram: buckets of a fixed scale, so that threads and readers merge exactly. */
export interface ExponentialConfig {
  /** 2^scale buckets for each doubling; 0 to 5. Default 3: a bucket is 9 % wide. Each step up doubles memory. */
  scale?: number;
  /** Values up to 2^minExponent share the lowest bucket; -60 to 60. Default -30 (0.93 ns in seconds). */
  minExponent?: number;
  /** Values above 2^maxExponent share the highest bucket; minExponent + 1 to 61. Default 34. */
  maxExponent?: number;
}

/** Options of a histogram. */
export interface HistogramConfig extends InstrumentConfig {
  /** Inclusive upper bounds, strictly ascending, finite, at most 512. Default: `SECONDS_BOUNDARIES`. */
  bucketBoundaries?: readonly number[];
  /** Export exponential data points instead of explicit buckets. Default false. */
  exponential?: boolean | ExponentialConfig;
  /** Keep a trace id, span id, value and time per bucket (64 bytes a bucket). Default false. */
  exemplars?: boolean;
}

/** The span a measurement belongs to: a `Context` of the OpenTelemetry API, or just the two ids as lower-case hex. */
export type ExemplarContext =
  | Context
  | { readonly traceId: string; readonly spanId: string; readonly traceFlags?: number };

/** One measurement kept with the span it was taken in. */
export interface HotExemplar {
  /** The recorded value, in the unit of the instrument. */
  readonly value: number;
  /** Epoch milliseconds. */
  readonly timeMs: number;
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
}

/** A counter series with its attributes bound. */
export interface BoundCounter {
  /** Adds `n` (0 or more, finite); anything else is ignored, counted and said once. A few nanoseconds, no allocation. */
  add(n: number): void;
  /**
   * For sampled sources that count by themselves (a number from /proc): adds what `total` grew since the last call.
   * A smaller total is taken as a restart of the source and added whole, as an observable counter would.
   */
  advanceTo(total: number): void;
}

/** An up-down counter series with its attributes bound. */
export interface BoundUpDownCounter {
  /** Adds `n` (finite, of either sign). */
  add(n: number): void;
  /** Adds what `total` differs from the last call. */
  advanceTo(total: number): void;
}

/** A gauge series with its attributes bound. */
export interface BoundGauge {
  /** Sets the value; NaN is ignored and counted. */
  set(value: number): void;
}

/** A histogram series with its attributes bound. */
export interface BoundHistogram {
  /**
   * Records `value` (0 or more, finite); anything else is ignored, counted and said once.
   * `context` matters only with `exemplars`: without it the active span is asked.
   */
  record(value: number, context?: ExemplarContext): void;
}

/** An instrument: `bind` is the cold path, the handle it returns the hot one. */
export interface HotInstrument<Bound> {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: InstrumentKind;
  /** The series with these attributes, created at the first call; the order of the keys does not matter. Never throws. */
  bind(attributes?: HotAttributes): Bound;
}

/** Called at each collection, before the values are read. */
export type ObserveCallback = () => void | Promise<void>;

/** Instruments of one instrumentation scope. */
export interface HotMeter {
  readonly scope: string;
  readonly version: string | undefined;
  counter(name: string, config?: InstrumentConfig): HotInstrument<BoundCounter>;
  upDownCounter(name: string, config?: InstrumentConfig): HotInstrument<BoundUpDownCounter>;
  gauge(name: string, config?: InstrumentConfig): HotInstrument<BoundGauge>;
  histogram(name: string, config?: HistogramConfig): HotInstrument<BoundHistogram>;
  /**
   * Registers a callback that sets sampled values through bound handles; it runs at each collection of each reader and
   * never on a timer. What it throws is said once and costs the other callbacks nothing. Returns its own undo.
   */
  observe(callback: ObserveCallback): () => void;
}

/** Tells the temporality wanted for an instrument type: `exporter.selectAggregationTemporality` fits. */
export type TemporalitySelector = (instrumentType: InstrumentType) => AggregationTemporality;

/** Options of a producer. */
export interface ProducerConfig {
  /**
   * 'delta' reports counters and histograms as what came since this producer's last collection, up-down counters as
   * totals (the 'delta' preference of OTLP). Default 'cumulative'.
   */
  temporality?: 'cumulative' | 'delta' | TemporalitySelector;
  /** Keep this attribute of this metric? Series that become alike are added up. Asked once for each series. Default: all. */
  attributeFilter?: (attribute: string, metric: string) => boolean;
  /** 'start': the first collection holds all since the series began. 'now': only what comes from now on. Default 'start'. */
  since?: 'start' | 'now';
}

/** A metric producer for exactly one reader. */
export interface HotMetricProducer extends MetricProducer {
  /** Detaches: with the last producer gone, handles record into the fallback again, if there is one. */
  close(): void;
}

/** What another thread needs to read this thread's series: structured-cloneable, shared memory inside. */
export interface HotBlockDescriptor {
  readonly version: 1;
  readonly threadId: number;
  /** The growable list of definitions and series, as UTF-8 JSON records. */
  readonly dictionary: SharedArrayBuffer;
  /** Cells as float64; series name a block by its position. */
  readonly blocks: readonly SharedArrayBuffer[];
}

/** Counts that tell whether anything was left out. */
export interface HotMetricsStatistics {
  /** Series bound in this thread. */
  readonly series: number;
  /** Series known to the collector, all threads merged. */
  readonly mergedSeries: number;
  /** Calls of `bind`, and series of other threads, that ended in an overflow series. */
  readonly overflowed: number;
  /** Values that were ignored: negative, NaN, infinite, not a number. */
  readonly rejected: number;
  /** Callbacks of `observe` that threw or rejected. */
  readonly callbackErrors: number;
  /** Threads attached now. */
  readonly threads: number;
  /** Threads whose totals were folded. */
  readonly retiredThreads: number;
  /** Shared memory allocated by this thread, in bytes. */
  readonly bytes: number;
  readonly producers: number;
}

/** The hot metrics of one thread, and the collector of those of others. */
export interface HotMetrics {
  /** The meter of a scope; the same one for the same scope and version. */
  meter(scope: string, version?: string): HotMeter;
  /** A producer for one reader: pass it in `metricProducers` of exactly that reader. */
  producer(config?: ProducerConfig): HotMetricProducer;
  /** While no producer is attached, handles record into ordinary instruments of this provider; undefined ends it. */
  useMeterProvider(provider: MeterProvider | undefined): void;
  /** This thread's shared memory, or undefined before the first bind. */
  descriptor(): HotBlockDescriptor | undefined;
  /** Calls `listener` with the descriptor now (if there is one) and whenever a block is added. Returns its own undo. */
  onBlock(listener: (descriptor: HotBlockDescriptor) => void): () => void;
  /** Takes in the series of another thread; again with the same thread id: takes in its new blocks. False if unusable. */
  attach(descriptor: HotBlockDescriptor): boolean;
  /** A thread has ended: its totals are folded in, so that sums never go back, and its memory is let go. */
  detach(threadId: number): void;
  statistics(): HotMetricsStatistics;
}
