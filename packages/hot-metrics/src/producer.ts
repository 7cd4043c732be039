import type { Attributes, HrTime } from '@opentelemetry/api';
import type {
  CollectionResult,
  DataPoint,
  MetricCollectOptions,
  MetricData,
  ResourceMetrics,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { type Clock, toHrTime } from './clock.ts';
import type { Collector } from './collector.ts';
import { metricOf, type PointValue, readValue } from './data-points.ts';
import { ExemplarReader, rowsBySeries } from './exemplars.ts';
import { ExtremeWindow } from './extreme-window.ts';
import type { MergedInstrument } from './merged-instrument.ts';
import type { InstrumentDefinition } from './options.ts';
import { type PointGroup, PointGroups } from './point-groups.ts';
import { type Reading, startOf } from './reading.ts';
import { Slice } from './slice.ts';
import { DELTA, temporalityOf } from './temporality.ts';
import type { HotMetricProducer, ProducerConfig } from './types.ts';

/** What a producer needs. */
export interface ProducerParts {
  readonly collector: Collector;
  readonly clock: Clock;
  /** Runs the `observe` callbacks; a promise if one of them is not finished. */
  readonly sample: (timeoutMillis: number | undefined) => Promise<void> | undefined;
  readonly onClose: () => void;
}

/** What one collection has to report, fixed at its moment. */
interface Collection {
  readonly delta: Reading;
  readonly total: Reading;
  readonly endTime: HrTime;
  readonly instruments: readonly { readonly instrument: MergedInstrument; readonly groups: readonly PointGroup[] }[];
}

/**
 * Reports to one reader. The snapshot is taken in one go, so all points of a collection show one moment; building the
 * points then yields to the event loop every 2 ms. Collections may overlap: each takes the interval up to its snapshot.
 */
export class Producer implements HotMetricProducer {
  readonly #parts: ProducerParts;
  readonly #config: ProducerConfig;
  readonly #groups = new Map<MergedInstrument, PointGroups>();
  readonly #exemplars = new ExemplarReader();
  readonly #window = new ExtremeWindow();
  readonly #baseline: Float64Array | undefined;
  readonly #baselineMs: number;
  readonly #mayBeDelta: boolean;
  #previous: Float64Array | undefined;
  #previousMs: number;
  #isClosed = false;

  constructor(config: ProducerConfig, parts: ProducerParts) {
    this.#config = config;
    this.#parts = parts;
    // Totals have the extremes of all time, and nothing to subtract but the baseline.
    this.#mayBeDelta = config.temporality !== undefined && config.temporality !== 'cumulative';
    if (this.#mayBeDelta) parts.collector.windows.add(this.#window);
    this.#baselineMs = parts.clock.now();
    this.#previousMs = this.#baselineMs;
    if (config.since === 'now') {
      this.#baseline = parts.collector.snapshot();
      this.#window.take();
    }
    this.#previous = this.#baseline;
  }

  async collect(options?: MetricCollectOptions): Promise<CollectionResult> {
    const scopes = new Map<string, ScopeMetrics>();
    const errors: unknown[] = [];
    try {
      const sampling = this.#parts.sample(options?.timeoutMillis);
      if (sampling !== undefined) await sampling;
      // The snapshot counts as the first part of the first slice.
      const slice = new Slice();
      await this.#report(this.#take(), slice, scopes);
    } catch (error) {
      // A rejection would cost the reader the metrics of all its other producers.
      errors.push(error);
    }
    return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics: [...scopes.values()] }, errors };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.collector.windows.delete(this.#window);
    this.#parts.onClose();
  }

  /** Everything that must happen at one moment. */
  #take(): Collection {
    const { collector, clock } = this.#parts;
    const current = collector.snapshot();
    // A wall clock that was set back must not make intervals of negative length.
    const endMs = Math.max(clock.now(), this.#previousMs);
    const window = this.#window.take();
    // The first report reaches back to before the window was opened: to the start of each series.
    const extremes = this.#previous === undefined ? undefined : window;
    const delta = { current, reference: this.#previous, referenceMs: this.#previousMs, endMs, extremes };
    const total = { current, reference: this.#baseline, referenceMs: this.#baselineMs, endMs, extremes: undefined };
    const instruments = collector.instruments.map((instrument) => ({ instrument, groups: this.#groupsOf(instrument) }));
    if (this.#mayBeDelta) this.#previous = current;
    this.#previousMs = endMs;
    return { delta, total, endTime: toHrTime(endMs), instruments };
  }

  async #report(collection: Collection, slice: Slice, scopes: Map<string, ScopeMetrics>): Promise<void> {
    for (const { instrument, groups } of collection.instruments) {
      const metric = await this.#build(instrument, groups, collection, slice);
      if (metric !== undefined) addMetric(scopes, instrument.definition, metric);
    }
  }

  async #build(
    instrument: MergedInstrument,
    groups: readonly PointGroup[],
    collection: Collection,
    slice: Slice,
  ): Promise<MetricData | undefined> {
    const { definition } = instrument;
    const temporality = temporalityOf(definition.kind, this.#config.temporality);
    const reading = temporality === DELTA ? collection.delta : collection.total;
    const rows = definition.exemplars ? rowsBySeries(this.#parts.collector, instrument) : undefined;
    const points: DataPoint<PointValue>[] = [];
    for (const group of groups) {
      if (slice.isOver()) await slice.yield();
      const value = readValue(instrument, group, reading, temporality);
      if (value === undefined) continue;
      const startTime = toHrTime(startOf(reading, group));
      const point = { attributes: group.attributes as Attributes, startTime, endTime: collection.endTime, value };
      if (rows !== undefined) this.#exemplars.attach(point, group, rows);
      points.push(point);
    }
    return points.length === 0 ? undefined : metricOf(definition, temporality, points);
  }

  #groupsOf(instrument: MergedInstrument): readonly PointGroup[] {
    let groups = this.#groups.get(instrument);
    if (groups === undefined) {
      groups = new PointGroups(instrument, this.#config.attributeFilter);
      this.#groups.set(instrument, groups);
    }
    return groups.current();
  }
}

function addMetric(
  scopes: Map<string, ScopeMetrics>,
  { scope, version }: InstrumentDefinition,
  metric: MetricData,
): void {
  const key = JSON.stringify([scope, version]);
  const known = scopes.get(key);
  if (known !== undefined) known.metrics.push(metric);
  else
    scopes.set(key, { scope: version === undefined ? { name: scope } : { name: scope, version }, metrics: [metric] });
}

/** A reader keeps the resource of its own MeterProvider and leaves that of further producers aside. */
const EMPTY_RESOURCE: ResourceMetrics['resource'] = {
  asyncAttributesPending: false,
  attributes: {},
  merge: (other) => other ?? EMPTY_RESOURCE,
  getRawAttributes: () => [],
};
