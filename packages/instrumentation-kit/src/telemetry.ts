import { type EventDefinition, type EventHandle, eventStream } from '@sonde/event-stream';
import {
  type BoundCounter,
  type BoundGauge,
  type BoundHistogram,
  type BoundUpDownCounter,
  type HotInstrument,
  type HotMeter,
  hotMetrics,
} from '@sonde/hot-metrics';
import type { AttributeDefinition, MetricDefinition, SpanDefinition, Telemetry } from './types.ts';

type Table<T> = Readonly<Record<string, T>>;

function refuse(scope: string, problem: string): never {
  throw new TypeError(`${scope}: ${problem}`);
}

function checkUnique(scope: string, kind: string, table: Table<{ readonly name: string }>): Set<string> {
  const names = new Set<string>();
  for (const { name } of Object.values(table)) {
    if (names.has(name)) refuse(scope, `${kind} ${name} is defined twice`);
    names.add(name);
  }
  return names;
}

function checkAttributes(scope: string, owner: string, used: readonly string[], known: Set<string>): void {
  for (const name of used) if (!known.has(name)) refuse(scope, `${owner} uses ${name}, which no attribute defines`);
}

function checkEvents(scope: string, events: Table<EventDefinition>, known: Set<string>): void {
  for (const { name, labels } of Object.values(events)) {
    checkAttributes(scope, name, labels?.map(({ key }) => key) ?? [], known);
  }
}

/**
 * States the vocabulary of a package, checks that it is consistent (unique names, every attribute in use defined) and
 * returns it unchanged. Export the result as `TELEMETRY` from `semantic-names.ts`.
 * @throws TypeError naming the entry that is wrong; a mistake of the package's author, found by its first test
 */
export function defineTelemetry<
  const Metrics extends Table<MetricDefinition>,
  const Events extends Table<EventDefinition>,
  const Spans extends Table<SpanDefinition>,
  const Attributes extends Table<AttributeDefinition>,
>(telemetry: Telemetry<Metrics, Events, Spans, Attributes>): Telemetry<Metrics, Events, Spans, Attributes> {
  const { scope, metrics, events, spans, attributes } = telemetry;
  const known = checkUnique(scope, 'attribute', attributes);
  checkUnique(scope, 'metric', metrics);
  checkUnique(scope, 'event', events);
  checkUnique(scope, 'span', spans);
  for (const metric of Object.values(metrics)) checkAttributes(scope, metric.name, metric.attributes, known);
  for (const span of Object.values(spans)) checkAttributes(scope, span.name, span.attributes, known);
  checkEvents(scope, events, known);
  return telemetry;
}

interface BoundByKind {
  readonly counter: BoundCounter;
  readonly updowncounter: BoundUpDownCounter;
  readonly gauge: BoundGauge;
  readonly histogram: BoundHistogram;
}

/** The instruments of a metric table, under the table's own keys. */
export type InstrumentsOf<Metrics extends Table<MetricDefinition>> = {
  readonly [Key in keyof Metrics]: HotInstrument<BoundByKind[Metrics[Key]['instrument']]>;
};

function createInstrument(meter: HotMeter, metric: MetricDefinition): HotInstrument<unknown> {
  const { name, unit, description, bucketBoundaries } = metric;
  const config = { unit, description };
  switch (metric.instrument) {
    case 'counter':
      return meter.counter(name, config);
    case 'updowncounter':
      return meter.upDownCounter(name, config);
    case 'gauge':
      return meter.gauge(name, config);
    case 'histogram':
      return meter.histogram(name, bucketBoundaries === undefined ? config : { ...config, bucketBoundaries });
  }
}

/** Creates the hot instruments of a package from its table. Nothing is allocated before the first `bind`. */
export function hotMetricsFrom<Metrics extends Table<MetricDefinition>>(
  telemetry: Pick<Telemetry<Metrics>, 'scope' | 'version' | 'metrics'>,
): InstrumentsOf<Metrics> {
  const meter = hotMetrics().meter(telemetry.scope, telemetry.version);
  const entries = Object.entries(telemetry.metrics).map(([key, metric]) => [key, createInstrument(meter, metric)]);
  return Object.fromEntries(entries) as InstrumentsOf<Metrics>;
}

/** The event handles of a package from its table, in this thread's stream. */
export function eventsFrom<Events extends Table<EventDefinition>>(
  telemetry: Pick<Telemetry<Table<MetricDefinition>, Events>, 'events'>,
): { readonly [Key in keyof Events]: EventHandle } {
  const stream = eventStream();
  const entries = Object.entries(telemetry.events).map(([key, definition]) => [key, stream.event(definition)]);
  return Object.fromEntries(entries) as { readonly [Key in keyof Events]: EventHandle };
}
