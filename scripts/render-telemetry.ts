import type { EventDefinition, FieldDefinition } from '@sonde/event-stream';
import type { AttributeDefinition, MetricDefinition, SpanDefinition, Telemetry } from '@sonde/instrumentation-kit';

const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A Markdown table, or nothing without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line), ''];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}`, '', ...lines];
}

function byName<T extends { readonly name: string }>(entries: Readonly<Record<string, T>>): T[] {
  return Object.values(entries).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function severity(value: number): string {
  return SEVERITIES[Math.floor((value - 1) / 4)] ?? String(value);
}

function field({ key, unit, description }: FieldDefinition): string {
  return `${code(key)}${unit === undefined ? '' : ` (${code(unit)})`}: ${description}`;
}

function fields(event: EventDefinition): string {
  const all = [event.value, event.detail, ...(event.labels ?? []), event.text].filter((known) => known !== undefined);
  return all.map(field).join('<br>');
}

function metricRow(metric: MetricDefinition): string[] {
  const { name, instrument, unit, attributes, description } = metric;
  return [code(name), instrument, code(unit), attributes.map(code).join(', '), description];
}

function eventRow(event: EventDefinition): string[] {
  return [code(event.name), event.category, severity(event.severity), fields(event), event.description];
}

function spanRow({ name, kind, attributes, description }: SpanDefinition): string[] {
  return [code(name), kind, attributes.map(code).join(', '), description];
}

/** Where an attribute is found: on metrics, events or spans of its package. */
function places(name: string, telemetry: Telemetry): string {
  const found = [
    ['metrics', Object.values(telemetry.metrics).some(({ attributes }) => attributes.includes(name))],
    ['events', Object.values(telemetry.events).some(({ labels }) => labels?.some(({ key }) => key === name))],
    ['spans', Object.values(telemetry.spans).some(({ attributes }) => attributes.includes(name))],
  ] as const;
  const used = found.filter(([, isUsed]) => isUsed).map(([place]) => place);
  return used.length === 0 ? 'logs' : used.join(', ');
}

function attributeRow(attribute: AttributeDefinition, telemetry: Telemetry): string[] {
  const { name, type, description, example } = attribute;
  return [code(name), type, places(name, telemetry), description, code(String(JSON.stringify(example)))];
}

function renderPackage(telemetry: Telemetry): string[] {
  const { scope, metrics, events, spans, attributes } = telemetry;
  return [
    `## ${scope}`,
    '',
    ...section(
      'Metrics',
      table(['name', 'instrument', 'unit', 'attributes', 'what it tells'], byName(metrics).map(metricRow)),
    ),
    ...section(
      'Events',
      table(['name', 'category', 'severity', 'fields', 'what it tells'], byName(events).map(eventRow)),
    ),
    ...section('Spans', table(['name', 'kind', 'attributes', 'what it tells'], byName(spans).map(spanRow))),
    ...section(
      'Attributes',
      table(
        ['name', 'type', 'on', 'meaning', 'example'],
        byName(attributes).map((row) => attributeRow(row, telemetry)),
      ),
    ),
  ];
}

const HEAD = `# Telemetry

Every metric, event, span and attribute that Sonde emits, by instrumentation scope. Generated from the tables in each
package's \`src/semantic-names.ts\` by \`npm run docs\`; a test compares it with what really comes out.

- Units are [UCUM](https://ucum.org/) codes; durations are in seconds.
- An attribute is left off where it does not apply or is not known.
- A metric with more attribute sets than its limit puts the rest into one series with \`otel.metric.overflow=true\`.
- Events live in the event stream. Those of severity WARN and above become log records of the same name, with their
  fields as attributes (\`@sonde/event-bridge\`).
`;

/** The text of docs/telemetry.md. */
export function renderTelemetry(tables: readonly Telemetry[]): string {
  const lines = [HEAD, ...tables.flatMap(renderPackage)];
  return `${lines.join('\n').trimEnd()}\n`;
}
