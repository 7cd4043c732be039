import type { Fault } from '../../examples/quickstart/src/load/protocol.ts';
import { type AnomalyFinding, collectAnomalies } from '../../examples/quickstart/src/report/anomalies.ts';
import { anomaliesSection } from '../../examples/quickstart/src/report/anomalies-section.ts';
import { matchAnomalies } from '../../examples/quickstart/src/report/anomaly-matching.ts';
import { amount } from '../../examples/quickstart/src/report/format.ts';
import { renderText } from '../../examples/quickstart/src/report/text.ts';
import { displayWidth } from '../../examples/quickstart/src/report/width.ts';
import { createTelemetryStore, type TelemetryStore } from '../../examples/quickstart/src/telemetry/store.ts';

const STORM: Fault = {
  id: 0,
  kind: 'error-storm',
  route: '/journal/:day',
  startMs: 100_000,
  durationMs: 12_000,
  endMs: 112_000,
  share: 0.5,
};
const LEAK: Fault = {
  id: 1,
  kind: 'heap-leak',
  route: '/sessions',
  startMs: 105_000,
  durationMs: 20_000,
  bytesPerSecond: 5e6,
  isForTheRest: false,
};
const TOLD: AnomalyFinding = {
  pid: 1,
  service: 'shop',
  series: 'http.server.request.duration{http.route=/journal/:day} error_share',
  score: 0.7,
  value: 0.5,
  unit: '1',
  expectedLow: 0,
  expectedHigh: 0.1,
  onsetMs: 101_000,
  toldMs: 104_000,
  receivedMs: 104_500,
  message: '',
  folded: [],
  movedTogether: ['sonde.vfs.operation.errors rate'],
};
const HEAP = 'v8js.memory.heap.used growth';

/** A store that got one log record of an anomaly. */
function storeWith(
  state: string,
  series = TOLD.series,
): { store: TelemetryStore; all: () => readonly AnomalyFinding[] } {
  const store = createTelemetryStore(() => 104_500);
  const anomalies = collectAnomalies(store);
  const attributes = {
    state: { stringValue: state },
    series: { stringValue: series },
    score: { doubleValue: 0.7 },
    value: { doubleValue: 0.5 },
    unit: { stringValue: '1' },
    'expected.low': { doubleValue: 0 },
    'expected.high': { doubleValue: 0.1 },
    onset: { intValue: '101000' },
    moved_together: { arrayValue: { values: [{ stringValue: 'sonde.vfs.operation.errors rate' }] } },
  };
  const record = {
    timeUnixNano: '104000000000',
    eventName: 'sonde.anomaly',
    attributes: Object.entries(attributes).map(([key, value]) => ({ key: `sonde.anomaly.${key}`, value })),
  };
  const resource = {
    attributes: [
      { key: 'process.pid', value: { intValue: 1 } },
      { key: 'service.name', value: { stringValue: 'shop' } },
    ],
  };
  store.accept('logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
  return { store, all: anomalies.all };
}

const textOf = (all: readonly AnomalyFinding[], faults: readonly Fault[] = [STORM, LEAK]): string => {
  const section = anomaliesSection({ anomalies: { all: () => all, isWatching: () => true }, faults, startMs: 60_000 });
  const sections = section === undefined ? [] : [section];
  return renderText({ title: '', facts: [], sections }, { width: 120, hasColour: false });
};

test('an anomaly is read from its log record, and told once: when it starts', () => {
  expect(storeWith('started').all()).toEqual([TOLD]);
  expect(storeWith('ended').all()).toEqual([]);
});

test('where nothing looks for anomalies there is no section, where something does it says that there was none', () => {
  const anomalies = collectAnomalies(createTelemetryStore(() => 0));
  expect(anomaliesSection({ anomalies, faults: [], startMs: 0 })).toBeUndefined();
  expect(textOf([], [])).toMatch(/None was told\.\n +0 anomalies told while nothing had been done to the service\./);
});

test('a fault is found by the first anomaly that began while it lasted and speaks of it', () => {
  const later = { ...TOLD, toldMs: 110_000 };
  const { outcomes, strays } = matchAnomalies([STORM, LEAK], [later, TOLD]);
  expect(outcomes.map(({ found, afterMs }) => [found, afterMs])).toEqual([
    [TOLD, 4_000],
    [undefined, Number.NaN],
  ]);
  expect(strays).toEqual([]);
});

test('a series that was folded into an anomaly of something else speaks as well, one that only moved does not', () => {
  const folded = { ...TOLD, toldMs: 109_000, folded: [HEAP] };
  expect(matchAnomalies([LEAK], [folded]).outcomes[0]).toMatchObject({ found: folded, series: HEAP, afterMs: 4_000 });
  const moved = { ...TOLD, toldMs: 109_000, movedTogether: [HEAP] };
  expect(matchAnomalies([LEAK], [moved]).outcomes[0]?.found).toBeUndefined();
});

test.each<[string, Partial<AnomalyFinding>]>([
  ['told before the fault', { toldMs: 99_000, onsetMs: 97_000 }],
  ['of an onset long before', { onsetMs: 80_000 }],
  ['told long after it', { onsetMs: 150_000, toldMs: 152_000 }],
])('an anomaly %s does not answer for it, and is a stray', (_what, change) => {
  const anomaly = { ...TOLD, ...change };
  const { outcomes, strays } = matchAnomalies([STORM], [anomaly]);
  expect(outcomes[0]?.found).toBeUndefined();
  expect(strays).toEqual([anomaly]);
});

test('the section tells when, what, by how much, and how long after the logged start', () => {
  const text = textOf([TOLD]);
  expect(text).toMatch(/41\.0 s +44\.0 s +shop +http\.server\.request\.duration.*error_share +0\.5 +0 to 0\.1 +0\.70/);
  expect(text).toContain('moved together at 41.0 s: sonde.vfs.operation.errors rate');
  expect(text).toMatch(/40\.0 s +error storm in \/journal\/:day +yes +4\.0 s +http\.server/);
  expect(text).toMatch(/45\.0 s +heap leak in \/sessions +missed +- +-/);
  expect(text).toContain('1 of 2 found.');
});

test('no series steers the terminal, and no line is too wide', () => {
  const hostile = `\u001b[2J\u202e${'x'.repeat(300)}`;
  const text = textOf([{ ...TOLD, series: hostile, folded: [hostile], movedTogether: [hostile] }]);
  expect([...text].filter((one) => (one < ' ' && one !== '\n') || one === '\u202e')).toEqual([]);
  expect(text.split('\n').filter((line) => displayWidth(line) > 120)).toEqual([]);
});

test.each([
  [0.0123, 's', '12.3 ms'],
  [3 * 2 ** 20, 'By', '3 MiB'],
  [-2, 's', '-2 s'],
  [0.42, '1', '0.42'],
  [0.00123, '1', '0.0012'],
  [12_345, '{request}', '12,345'],
  [17.2, '{request}/s', '17.2/s'],
  [Number.NaN, 's', '-'],
])('%d in %s is written %s', (value, unit, text) => expect(amount(value, unit)).toBe(text));
