import type { EventDefinition } from '@sonde/event-stream';
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
