import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { EventDefinition } from '@sonde/event-stream';
import type { Telemetry } from '@sonde/instrumentation-kit';
import { type Inventory, takeInventory } from './telemetry-docs/inventory.ts';
import { EXCUSES } from './telemetry-docs/machine.ts';

const ROOT = join(__dirname, '..');
/** Names that the program emits itself. */
const OWN = /^test\./;
/** What stages of the pipeline say of any span, whoever made it. */
const ON_ANY_SPAN = /^sonde\.(sampling\.(reason|key)|hlc|blame\.\w+)$/;
const OVERFLOW = 'otel.metric.overflow';

let inventory: Inventory;
let tables: Telemetry[];

function node(...args: string[]): string {
  return execFileSync(process.execPath, ['--conditions=@sonde/source', ...args], { cwd: ROOT, encoding: 'utf8' });
}

beforeAll(async () => {
  tables = JSON.parse(node('test/telemetry-docs/print-tables.ts')) as Telemetry[];
  inventory = await takeInventory();
}, 90_000);

const events = (): EventDefinition[] => tables.flatMap((table) => Object.values(table.events));

function keysOf({ value, detail, labels = [], text }: EventDefinition): string[] {
  return [value, detail, ...labels, text].flatMap((field) => (field === undefined ? [] : [field.key]));
}

/** What of the tables did not come out, without an excuse; and what came out although it cannot. */
function surprises(names: readonly string[], emitted: ReadonlySet<string>): string[] {
  return names.flatMap((name) => {
    const excuse = EXCUSES[name];
    if (!emitted.has(name)) return excuse === undefined ? [`${name} did not come out`] : [];
    return excuse?.isPossible === false ? [`${name} came out, although ${excuse.reason}`] : [];
  });
}

test('the generated pages of docs are current', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@sonde/source', 'scripts/generate-docs.ts', '--check'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the program with everything on ends as it would, and silently', () => {
  expect({ code: inventory.code, stderr: inventory.stderr }).toEqual({ code: 0, stderr: '' });
});

test('every metric that comes out is in the table, with its unit, its instrument and its attributes', () => {
  const emitted = inventory.metrics.filter(({ scope }) => scope.startsWith('@sonde/'));
  expect(emitted.length).toBeGreaterThan(10);
  for (const { scope, name, unit, instrument, keys } of emitted) {
    const table = tables.find((candidate) => candidate.scope === scope);
    const metric = Object.values(table?.metrics ?? {}).find((candidate) => candidate.name === name);
    expect([name, metric?.unit, metric?.instrument]).toEqual([name, unit, instrument]);
    expect([name, ...[...keys].filter((key) => key !== OVERFLOW && !metric?.attributes.includes(key))]).toEqual([name]);
  }
});

test('every metric in the table comes out, save those that are excused', () => {
  const names = tables.flatMap((table) => Object.values(table.metrics).map(({ name }) => name));
  expect(surprises(names, new Set(inventory.metrics.map(({ name }) => name)))).toEqual([]);
});

test('every attribute that the table gives a metric is on it', () => {
  const missing = tables.flatMap((table) =>
    Object.values(table.metrics).flatMap(({ name, attributes }) => {
      const keys = inventory.metrics.find((metric) => metric.scope === table.scope && metric.name === name)?.keys;
      return keys === undefined ? [] : attributes.filter((key) => !keys.has(key)).map((key) => `${name}: ${key}`);
    }),
  );
  expect(missing.filter((one) => EXCUSES[one] === undefined)).toEqual([]);
});

test('every event is in the table with each of its fields, and every event of the table happens, save those that are excused', () => {
  const emitted = inventory.events.filter(({ name }) => !OWN.test(name));
  for (const { name, keys } of emitted) {
    const definition = events().find((candidate) => candidate.name === name);
    const unknown = keys.filter((key) => definition === undefined || !keysOf(definition).includes(key));
    expect([name, ...unknown]).toEqual([name]);
  }
  const ofStream = events().filter(({ name }) => !name.startsWith('sonde.event_bridge.'));
  const names = ofStream.map(({ name }) => name);
  expect(surprises(names, new Set(emitted.map(({ name }) => name)))).toEqual([]);
});

test('nobody is excused who is not in a table', () => {
  const names = tables.flatMap(({ metrics, events, spans }) => [metrics, events, spans].flatMap(Object.values));
  const known = new Set(names.map(({ name }) => name));
  for (const { metrics } of tables) {
    for (const { name, attributes } of Object.values(metrics))
      for (const key of attributes) known.add(`${name}: ${key}`);
  }
  expect(Object.keys(EXCUSES).filter((excused) => !known.has(excused))).toEqual([]);
});

test('every log record is named like an event of the table and carries its fields', () => {
  const common = new Set(
    ['category', 'count', 'lastTime', 'threadId', 'hlc'].map(
      (key) => tables.find(({ scope }) => scope === '@sonde/event-bridge')?.attributes[key]?.name,
    ),
  );
  const emitted = inventory.logs.filter(({ name }) => !OWN.test(name));
  for (const { scope, name, keys } of emitted) {
    const definition = events().find((candidate) => candidate.name === name);
    // The bridge writes what events hold; who writes logs itself says more.
    const writer = tables.find((table) => table.scope === scope);
    const own = scope === '@sonde/event-bridge' ? [] : Object.values(writer?.attributes ?? {});
    const known = [...(definition === undefined ? [] : keysOf(definition)), ...own.map((attribute) => attribute.name)];
    const unknown = [...keys].filter((key) => !common.has(key) && !known.includes(key));
    expect([scope, name, ...unknown]).toEqual([writer?.scope, name]);
  }
  const warnings = events().filter(({ severity }) => severity >= 13);
  const names = warnings.map(({ name }) => name);
  expect(surprises(names, new Set(emitted.map(({ name }) => name)))).toEqual([]);
});

test('every span is in the table by its name, with attributes of the table, and every one of the table is made', () => {
  const emitted = inventory.spans.filter(({ scope }) => scope.startsWith('@sonde/'));
  const made = new Set<string>();
  for (const { scope, name, keys } of emitted) {
    const span = Object.values(tables.find((table) => table.scope === scope)?.spans ?? {}).find((candidate) =>
      new RegExp(`^${candidate.name.replaceAll(/\{[^}]+\}/g, '.+')}$`).test(name),
    );
    const unknown = [...keys].filter((key) => !(span?.attributes.includes(key) || ON_ANY_SPAN.test(key)));
    expect([scope, name, ...unknown]).toEqual([scope, name]);
    if (span !== undefined) made.add(span.name);
  }
  const names = tables.flatMap((table) => Object.values(table.spans).map(({ name }) => name));
  expect(surprises(names, made)).toEqual([]);
});
