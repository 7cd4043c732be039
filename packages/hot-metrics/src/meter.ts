import { type BucketMapping, createBucketMapping, exponentialBoundaries } from './bucket-mapping.ts';
import { ExemplarSlots } from './exemplar-slots.ts';
import { CounterHandle, GaugeHandle, type RoutedHandle, UpDownCounterHandle } from './handles.ts';
import { HistogramHandle } from './histogram-handle.ts';
import { Instrument, type SeriesShape, type Surroundings } from './instrument.ts';
import { bucketsOf, identityOf, rowSize } from './merged-instrument.ts';
import { type InstrumentDefinition, resolveInstrument, show } from './options.ts';
import type {
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  BoundUpDownCounter,
  HistogramConfig,
  HotInstrument,
  HotMeter,
  InstrumentConfig,
  InstrumentKind,
  ObserveCallback,
} from './types.ts';

/** What a meter needs besides its scope. */
export interface MeterParts {
  readonly surroundings: Surroundings;
  readonly observe: (scope: string, callback: ObserveCallback) => () => void;
}

/** The instruments of one scope; asking for one again returns the same. */
export class Meter implements HotMeter {
  readonly scope: string;
  readonly version: string | undefined;
  readonly #parts: MeterParts;
  readonly #instruments = new Map<string, Instrument<RoutedHandle>>();

  constructor(scope: string, version: string | undefined, parts: MeterParts) {
    this.scope = scope;
    this.version = version;
    this.#parts = parts;
  }

  counter(name: string, config?: InstrumentConfig): HotInstrument<BoundCounter> {
    const definition = this.#define('counter', name, config);
    return this.#instrument(
      definition,
      config,
      (region, attributes, owner) => new CounterHandle(region, attributes, owner),
    );
  }

  upDownCounter(name: string, config?: InstrumentConfig): HotInstrument<BoundUpDownCounter> {
    const definition = this.#define('updowncounter', name, config);
    return this.#instrument(
      definition,
      config,
      (region, attributes, owner) => new UpDownCounterHandle(region, attributes, owner),
    );
  }

  gauge(name: string, config?: InstrumentConfig): HotInstrument<BoundGauge> {
    const definition = this.#define('gauge', name, config);
    return this.#instrument(
      definition,
      config,
      (region, attributes, owner) => new GaugeHandle(region, attributes, owner),
    );
  }

  histogram(name: string, config?: HistogramConfig): HotInstrument<BoundHistogram> {
    const definition = this.#define('histogram', name, config);
    const buckets = bucketsOf(definition);
    const { clock } = this.#parts.surroundings;
    let mapping: BucketMapping | undefined;
    return this.#instrument(definition, config, (region, attributes, owner) => {
      mapping ??= mappingOf(definition);
      const slots = definition.exemplars ? new ExemplarSlots(region, buckets, () => clock.now()) : undefined;
      return new HistogramHandle(region, attributes, { mapping, slots }, owner);
    });
  }

  observe(callback: ObserveCallback): () => void {
    if (typeof callback !== 'function')
      throw new TypeError(`meter ${this.scope}: callback must be a function, got ${show(callback)}`);
    return this.#parts.observe(this.scope, callback);
  }

  #define(kind: InstrumentKind, name: string, config: HistogramConfig | undefined): InstrumentDefinition {
    return resolveInstrument({ scope: this.scope, version: this.version, name, kind }, config);
  }

  /** The instrument of this name, created at the first call; what a later definition says differently is said once. */
  #instrument<Handle extends RoutedHandle>(
    definition: InstrumentDefinition,
    config: HistogramConfig | undefined,
    create: SeriesShape<Handle>['create'],
  ): Instrument<Handle> {
    const key = definition.name.toLowerCase();
    const known = this.#instruments.get(key);
    if (known === undefined) {
      const shape = { size: rowSize(definition, true), create };
      const instrument = new Instrument(definition, shape, this.#parts.surroundings);
      this.#instruments.set(key, instrument as unknown as Instrument<RoutedHandle>);
      return instrument;
    }
    this.#compare(known.definition, definition, config);
    return known as unknown as Instrument<Handle>;
  }

  #compare(known: InstrumentDefinition, wanted: InstrumentDefinition, config: HistogramConfig = {}): void {
    if (known.kind !== wanted.kind)
      throw new TypeError(
        `meter ${this.scope}: ${wanted.name} must stay a ${known.kind}, got a ${wanted.kind}: give it another name`,
      );
    if (!contradicts(known, wanted, config)) return;
    this.#parts.surroundings.reports.warnOnce(
      `conflict ${this.scope} ${known.name}`,
      `meter ${this.scope}: ${known.name} is already defined with another unit or other buckets: the first definition holds`,
    );
  }
}

/** Tells whether a later config says something else than the first; what it leaves out, it does not contradict. */
function contradicts(known: InstrumentDefinition, wanted: InstrumentDefinition, config: HistogramConfig): boolean {
  if (config.unit !== undefined && known.unit !== wanted.unit) return true;
  const saysBuckets = config.bucketBoundaries !== undefined || config.exponential !== undefined;
  return saysBuckets && identityOf({ ...known, unit: '' }) !== identityOf({ ...wanted, unit: '' });
}

function mappingOf({ boundaries, exponential }: InstrumentDefinition): BucketMapping {
  return createBucketMapping(exponential === undefined ? boundaries : exponentialBoundaries(exponential));
}
