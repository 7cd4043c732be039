import type { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { InstrumentKind, ProducerConfig } from './types.ts';

/** The SDK's numbers, so that nothing of it has to be loaded at run time. */
export const DELTA: AggregationTemporality.DELTA = 0;
export const CUMULATIVE: AggregationTemporality.CUMULATIVE = 1;

const INSTRUMENT_TYPES = {
  counter: 'COUNTER',
  updowncounter: 'UP_DOWN_COUNTER',
  gauge: 'GAUGE',
  histogram: 'HISTOGRAM',
} as const;

/** The SDK's name for a kind. */
export function instrumentType(kind: InstrumentKind): InstrumentType {
  return INSTRUMENT_TYPES[kind] as InstrumentType;
}

/**
 * What a producer reports an instrument as. 'delta' means what OTLP's preference of that name means: all but up-down
 * counters (https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration).
 */
export function temporalityOf(
  kind: InstrumentKind,
  temporality: ProducerConfig['temporality'],
): AggregationTemporality {
  if (typeof temporality !== 'function')
    return temporality === 'delta' && kind !== 'updowncounter' ? DELTA : CUMULATIVE;
  try {
    return temporality(instrumentType(kind)) === DELTA ? DELTA : CUMULATIVE;
  } catch {
    return CUMULATIVE;
  }
}
