import {
  type Attributes,
  createNoopMeter,
  type Histogram,
  type Meter,
  type MeterProvider,
  type MetricOptions,
} from '@opentelemetry/api';
import { type BoundHistogram, type HotInstrument, hotMetrics } from '@sonde/hot-metrics';

/** Attribute sets whose handles are kept for an instrument: as many as it has series, by default. */
const MAX_HANDLES = 2000;

/** A string that is the same for the same attributes in the same order, which is how one piece of code sets them. */
function keyOf(attributes: Attributes): string {
  let key = '';
  for (const name in attributes) {
    const value = attributes[name];
    // With the length, because a value may come from a request and hold whatever would separate two of them.
    key += typeof value === 'string' ? `${name}\0${value.length}\0${value}` : `${name}\u0001${String(value)}\0`;
  }
  return key;
}

class HotHistogram implements Histogram {
  readonly #instrument: HotInstrument<BoundHistogram>;
  readonly #handles = new Map<string, BoundHistogram>();

  constructor(instrument: HotInstrument<BoundHistogram>) {
    this.#instrument = instrument;
  }

  record(value: number, attributes: Attributes = {}): void {
    const key = keyOf(attributes);
    const handle = this.#handles.get(key);
    if (handle === undefined) this.#bind(key, attributes).record(value);
    else handle.record(value);
  }

  #bind(key: string, attributes: Attributes): BoundHistogram {
    const handle = this.#instrument.bind(attributes);
    if (this.#handles.size < MAX_HANDLES) this.#handles.set(key, handle);
    return handle;
  }
}

/**
 * Lets an instrumentation that records histograms through the OpenTelemetry API record into hot metrics: once, however
 * many readers there are, instead of sorting and serialising its attributes for each of them. What readers see has the
 * same scope, name, unit, boundaries and attributes. For instrumentations that Sonde brings itself: other instruments
 * than histograms do nothing, and views do not apply.
 */
export const hotMeterProvider: MeterProvider = {
  getMeter(scope: string, version?: string): Meter {
    const meter = hotMetrics().meter(scope, version);
    const createHistogram = (name: string, { unit, description, advice }: MetricOptions = {}): Histogram =>
      new HotHistogram(
        meter.histogram(name, {
          ...(unit !== undefined && { unit }),
          ...(description !== undefined && { description }),
          ...(advice?.explicitBucketBoundaries && { bucketBoundaries: advice.explicitBucketBoundaries }),
        }),
      );
    // The no-op meter is one for all: it must not be changed.
    return Object.setPrototypeOf({ createHistogram }, createNoopMeter()) as Meter;
  },
};
