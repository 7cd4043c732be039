import type { CollectionResult, IMetricReader, MetricProducer } from '@opentelemetry/sdk-metrics';
import { hotMetrics } from '@sonde/hot-metrics';

/** The SDK's metrics and those of another producer as one. */
function combine(sdk: MetricProducer, other: MetricProducer): MetricProducer {
  return {
    async collect(options): Promise<CollectionResult> {
      const [first, second] = await Promise.all([sdk.collect(options), other.collect(options)]);
      return {
        resourceMetrics: {
          resource: first.resourceMetrics.resource,
          scopeMetrics: [...first.resourceMetrics.scopeMetrics, ...second.resourceMetrics.scopeMetrics],
        },
        errors: [...first.errors, ...second.errors],
      };
    },
  };
}

/** Producers of hot metrics can be closed, those of others cannot. Looks into the reader; nothing depends on it. */
function isFedAlready(reader: IMetricReader): boolean {
  const producers = (reader as { _metricProducers?: unknown })._metricProducers;
  return Array.isArray(producers) && producers.some((producer: object) => 'close' in producer);
}

/**
 * Feeds hot metrics into a reader that was made elsewhere, in the temporality that it asks for. `metricProducers` can
 * only be given to its constructor; but the SDK binds a reader by calling its public `setMetricProducer` once, and
 * what is passed there can be both. The reader stays the same object. Without effect on a reader that has producers of
 * hot metrics already, or that is bound to a provider.
 */
export function feedReader(reader: IMetricReader): void {
  if (isFedAlready(reader)) return;
  const bind = reader.setMetricProducer;
  const bindBoth = function (this: IMetricReader, sdkProducer: MetricProducer): void {
    if (reader.setMetricProducer === bindBoth) Reflect.deleteProperty(reader, 'setMetricProducer');
    const temporality = reader.selectAggregationTemporality.bind(reader);
    Reflect.apply(bind, this, [combine(sdkProducer, hotMetrics().producer({ temporality }))]);
  };
  Object.defineProperty(reader, 'setMetricProducer', { value: bindBoth, configurable: true, writable: true });
}
