import { show } from './options.ts';
import type { ProducerConfig } from './types.ts';

/**
 * Checks the options of a producer.
 * @throws TypeError or RangeError; the sentence names option, rule and value.
 */
export function resolveProducer(config: ProducerConfig = {}): ProducerConfig {
  if (typeof config !== 'object' || config === null)
    throw new TypeError(`producer: config must be an object, got ${show(config)}`);
  const { temporality, attributeFilter, since } = config;
  if (
    temporality !== undefined &&
    typeof temporality !== 'function' &&
    temporality !== 'cumulative' &&
    temporality !== 'delta'
  )
    throw new RangeError(
      `producer: temporality must be 'cumulative', 'delta' or a selector function, got ${show(temporality)}`,
    );
  if (attributeFilter !== undefined && typeof attributeFilter !== 'function')
    throw new TypeError(`producer: attributeFilter must be a function, got ${show(attributeFilter)}`);
  if (since !== undefined && since !== 'start' && since !== 'now')
    throw new RangeError(`producer: since must be 'start' or 'now', got ${show(since)}`);
  return config;
}
