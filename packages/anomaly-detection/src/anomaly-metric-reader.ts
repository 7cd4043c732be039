import type {
  AggregationOption,
  AggregationTemporality,
  CollectionResult,
  IMetricReader,
  MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { reportFailure } from '@sonde/instrumentation-kit';
import { CUMULATIVE, type ScopeRecord } from './series/metric-data.ts';

/** Series of one instrument that an SDK holds for this reader. */
const CARDINALITY_LIMIT = 2000;
const DEFAULT_AGGREGATION = 0;

/** What a reader is used by. */
export interface MetricReaderUse {
  /** It was bound to a provider. */
  readonly onBound: () => void;
  readonly onFlush: () => Promise<void>;
  readonly onShutdown: () => Promise<void>;
}

/**
 * Reads what an SDK's metric pipeline has, for the detectors: everything as totals, so that it never resets what another
 * reader sees. Implements the SDK's reader interface itself (SDK 2.12 and 3.x), without its base class. Exports nothing.
 */
export class AnomalyMetricReader implements IMetricReader {
  readonly #use: MetricReaderUse;
  #producer: MetricProducer | undefined;
  #isShutDown = false;
  /** By this `@sonde/node` sees that hot metrics reach it already: fed by it too, they would count twice. */
  readonly _metricProducers: readonly { close(): void }[] = [{ close: () => {} }];

  constructor(use: MetricReaderUse) {
    this.#use = use;
  }

  /** Called by the SDK, once. @throws Error at a second call, as its interface demands */
  setMetricProducer(producer: MetricProducer): void {
    if (this.#producer !== undefined) throw new Error('AnomalyMetricReader: is bound to a MeterProvider already');
    this.#producer = producer;
    this.#use.onBound();
  }

  selectAggregation(): AggregationOption {
    return { type: DEFAULT_AGGREGATION } as AggregationOption;
  }

  selectAggregationTemporality(): AggregationTemporality {
    return CUMULATIVE as AggregationTemporality;
  }

  selectCardinalityLimit(): number {
    return CARDINALITY_LIMIT;
  }

  /** What the SDK has now. @throws Error before it is bound and after its end, as the SDK's readers do */
  async collect(options?: { readonly timeoutMillis?: number }): Promise<CollectionResult> {
    if (this.#producer === undefined) throw new Error('AnomalyMetricReader: is bound to no MeterProvider');
    if (this.#isShutDown) throw new Error('AnomalyMetricReader: is shut down');
    return this.#producer.collect(options);
  }

  /** The same for the detectors: nothing where there is nothing to be had. */
  async read(): Promise<readonly ScopeRecord[]> {
    if (this.#producer === undefined || this.#isShutDown) return [];
    try {
      const { resourceMetrics } = await this.#producer.collect();
      return resourceMetrics.scopeMetrics as readonly ScopeRecord[];
    } catch (error) {
      reportFailure('anomaly-detection.collect', error);
      return [];
    }
  }

  forceFlush(): Promise<void> {
    return this.#isShutDown ? Promise.resolve() : this.#use.onFlush();
  }

  async shutdown(): Promise<void> {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    await this.#use.onShutdown();
  }
}
