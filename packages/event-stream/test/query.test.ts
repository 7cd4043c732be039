import fc from 'fast-check';
import { type EventRecord, type EventStream, type Query, type QueryFilter, Severity } from '../src/index.ts';
import { runs } from './seed.ts';
import { DENIED, ORIGIN_MS, READ, READABLE, SPAN_ID, smallStream, TRACE_ID } from './streams.ts';

const OTHER_TRACE_ID = '1'.repeat(32);
const TRACES = ['', TRACE_ID, OTHER_TRACE_ID];
const OPERATIONS = ['open', 'read', ''];

/** One event, with the time within a second or so. */
const event = fc.record({
  thread: fc.nat(1),
  isDenied: fc.boolean(),
  severity: fc.constantFrom(Severity.DEBUG, Severity.INFO, Severity.ERROR),
  operation: fc.constantFrom(...OPERATIONS),
  trace: fc.nat(TRACES.length - 1),
  time: fc.double({ min: 0, max: 1500, noNaN: true }),
  value: fc.oneof(
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    fc.constantFrom(Number.NaN, 0, -3.5, -0.001, 1e15, 1e-12, Number.POSITIVE_INFINITY),
  ),
  detail: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(Number.NaN)),
});

const filter: fc.Arbitrary<QueryFilter> = fc.record(
  {
    severity: fc.constantFrom(0, Severity.INFO, Severity.WARN, Severity.ERROR, 25),
    category: fc.constantFrom('vfs', 'security', 'memory', ['vfs', 'security']) as fc.Arbitrary<'vfs'>,
    name: fc.constantFrom('test.read', 'test.denied', 'test.none', ['test.read', 'test.denied']),
    threadId: fc.constantFrom(0, 5, [0, 5], 9),
    since: fc.double({ min: ORIGIN_MS, max: ORIGIN_MS + 1600, noNaN: true }),
    until: fc.double({ min: ORIGIN_MS, max: ORIGIN_MS + 1600, noNaN: true }),
    traceId: fc.constantFrom(TRACE_ID, OTHER_TRACE_ID, 'nothing'),
  },
  { requiredKeys: [] },
);

type Emitted = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** The stream under test, and all its records as objects: the model to compare with. */
function emitted(events: readonly Emitted[]): { stream: EventStream; all: EventRecord[] } {
  const { stream, clock } = smallStream();
  const worker = smallStream({ threadId: 5 });
  clock.nowMs = 2000;
  worker.clock.nowMs = 2000;
  stream.attach(structuredClone(worker.stream.descriptor()));
  const seen = stream.subscribe();
  for (const { thread, isDenied, severity, operation, trace, time, value, detail } of events) {
    const target = thread === 0 ? stream : worker.stream;
    const handle = isDenied ? target.event(DENIED) : target.event(READ).bind({ 'test.operation': operation }, severity);
    const context = target.context(TRACES[trace] as string, SPAN_ID);
    handle.emit(time, value, detail, context);
  }
  worker.stream.flush();
  return { stream, all: seen.read(10_000) };
}

function asSet<T>(wanted: T | readonly T[]): readonly T[] {
  return Array.isArray(wanted) ? wanted : [wanted as T];
}

function matches(record: EventRecord, test: QueryFilter): boolean {
  return (
    record.severity >= (test.severity ?? 0) &&
    (test.category === undefined || asSet(test.category).includes(record.category)) &&
    (test.name === undefined || asSet(test.name).includes(record.name)) &&
    (test.threadId === undefined || asSet(test.threadId).includes(record.threadId)) &&
    (test.since === undefined || record.time >= test.since) &&
    (test.until === undefined || record.time < test.until) &&
    (test.traceId === undefined || record.traceId === test.traceId)
  );
}

function valued(records: readonly EventRecord[]): number[] {
  return records.map(({ value }) => value).filter((value) => !Number.isNaN(value));
}

function query(stream: EventStream, filters: readonly QueryFilter[]): Query {
  return filters.reduce((narrowed, one) => narrowed.where(one), stream.query());
}

/** Runs a property over random events and filters, with the matching records as the model finds them. */
function check(law: (subject: Query, model: EventRecord[]) => void): void {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), fc.array(filter, { maxLength: 2 }), (events, filters) => {
      const { stream, all } = emitted(events);
      law(
        query(stream, filters),
        all.filter((record) => filters.every((test) => matches(record, test))),
      );
    }),
    runs(150),
  );
}

describe('for any events and filters', () => {
  it('records are those that match, merged by the hybrid clock', () => {
    check((subject, model) => {
      const byClock = (a: EventRecord, b: EventRecord): number => Number(a.hlc - b.hlc) || a.threadId - b.threadId;
      expect(subject.records(10_000).toSorted(byClock)).toEqual(model.toSorted(byClock));
      expect(subject.records(10_000).map(({ hlc }) => hlc)).toEqual(
        model.map(({ hlc }) => hlc).toSorted((a, b) => Number(a - b)),
      );
      expect(subject.records(3)).toEqual(subject.records(10_000).slice(-3));
    });
  });

  it('count, sum, mean and summary are those of the records', () => {
    check((subject, model) => {
      const values = valued(model);
      const sum = values.reduce((total, value) => total + value, 0);
      expect(subject.count()).toBe(model.length);
      const summary = subject.summary();
      expect(summary.count).toBe(model.length);
      expectClose(summary.sum, sum);
      expectClose(summary.mean, values.length === 0 ? Number.NaN : sum / values.length);
      expect(summary.min).toBe(values.length === 0 ? Number.NaN : Math.min(...values));
      expect(summary.max).toBe(values.length === 0 ? Number.NaN : Math.max(...values));
      expect([subject.sum(), subject.mean()]).toEqual([summary.sum, summary.mean]);
      expect(subject.field('detail').summary().max).toBe(
        model.reduce((max, { detail }) => (detail > max || Number.isNaN(max) ? detail : max), Number.NaN),
      );
    });
  });

  it('percentiles are within the stated error of the exact ones', () => {
    const quantiles = [0, 0.25, 0.5, 0.95, 1];
    check((subject, model) => {
      const sorted = valued(model)
        .filter(Number.isFinite)
        .toSorted((a, b) => a - b);
      const results = subject.percentiles(quantiles);
      for (const [i, q] of quantiles.entries()) {
        const exact = sorted[Math.max(Math.ceil(q * sorted.length), 1) - 1] ?? Number.NaN;
        const isBeyond = Math.abs(exact) >= 2 ** 40;
        const bound = isBeyond ? Number.POSITIVE_INFINITY : Math.abs(exact) / 65 + 2 ** -30;
        if (sorted.length === 0) expect(results[i]).toBeNaN();
        else expect(Math.abs((results[i] as number) - exact)).toBeLessThanOrEqual(bound);
      }
    });
  });

  it.each([
    ['name', (record: EventRecord) => record.name],
    ['category', (record: EventRecord) => record.category],
    ['severity', (record: EventRecord) => String(record.severity)],
    ['threadId', (record: EventRecord) => String(record.threadId)],
    ['pid', (record: EventRecord) => String(record.pid)],
    ['traceId', (record: EventRecord) => record.traceId || undefined],
    ['test.operation', (record: EventRecord) => record.labels['test.operation']],
    ['test.mount', (record: EventRecord) => record.labels['test.mount']],
    ['nothing', () => undefined],
  ])('groups by %s hold what a query for each alone would', (key, keyOf) => {
    check((subject, model) => {
      const expected = Map.groupBy(
        model.filter((record) => keyOf(record) !== undefined),
        keyOf,
      );
      const groups = subject.groupBy(key).groups();
      expect(groups.map((group) => [group.key, group.count]).toSorted()).toEqual(
        [...expected].map(([name, records]) => [name, records.length]).toSorted(),
      );
      expect(groups.map(({ count }) => count)).toEqual(groups.map(({ count }) => count).toSorted((a, b) => b - a));
      for (const group of groups) {
        const values = valued(expected.get(group.key) ?? []);
        expect(group.max).toBe(values.length === 0 ? Number.NaN : Math.max(...values));
      }
      const medians = subject.groupBy(key).percentiles([0.5]);
      expect([...medians.keys()].toSorted()).toEqual(groups.map((group) => group.key).toSorted());
    });
  });

  it('the largest are those with the largest values, in order', () => {
    check((subject, model) => {
      const largest = valued(model).toSorted((a, b) => b - a);
      for (const n of [0, 1, 3, 1000]) expect(subject.topN(n).map(({ value }) => value)).toEqual(largest.slice(0, n));
    });
  });

  it('time buckets hold each record once, in order, at a multiple of their width', () => {
    check((subject, model) => {
      const buckets = subject.timeBuckets(100);
      const expected = Map.groupBy(model, ({ time }) => Math.floor(time / 100) * 100);
      expect(buckets.map(({ start, count }) => [start, count])).toEqual(
        [...expected]
          .map(([start, records]) => [start, records.length])
          .toSorted(([a], [b]) => (a as number) - (b as number)),
      );
    });
  });
});

function expectClose(actual: number, expected: number): void {
  if (Number.isFinite(expected))
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected), 1e9));
  else expect(actual).toBe(expected);
}

describe('a wrapped ring', () => {
  it.each([0, 1, 255, 256, 700, 1023, 1024, 1025, 5000])('after %i more events shows what it still holds', (extra) => {
    const { stream, clock } = smallStream();
    clock.nowMs = 1e6;
    const handle = stream.event(READ);
    const total = READABLE + extra;
    for (let i = 0; i < total; i++) handle.emit(i, i);
    const kept = Math.min(total, READABLE);
    expect(stream.query().count()).toBe(kept);
    expect(stream.query().summary()).toMatchObject({ count: kept, min: total - kept, max: total - 1 });
    expect(
      stream
        .query()
        .where({ since: ORIGIN_MS + total - 10 })
        .count(),
    ).toBe(10);
    expect(
      stream
        .query()
        .where({ until: ORIGIN_MS + total - 10 })
        .count(),
    ).toBe(kept - 10);
    expect(
      stream
        .query()
        .records(2)
        .map(({ value }) => value),
    ).toEqual([total - 2, total - 1]);
  });

  it('finds late events of early times, though the clock has gone on', () => {
    const { stream, clock } = smallStream({ slots: 8192 });
    clock.nowMs = 1e6;
    const handle = stream.event(READ);
    for (let i = 0; i < 5000; i++) handle.emit(i % 100 === 0 ? 5 : i, i);
    expect(
      stream
        .query()
        .where({ since: ORIGIN_MS + 3000 })
        .count(),
    ).toBe(1980);
    expect(
      stream
        .query()
        .where({ until: ORIGIN_MS + 6, since: ORIGIN_MS + 5 })
        .count(),
    ).toBe(51);
  });
});

describe('rate', () => {
  it('is events a second, from the first match until now', () => {
    const { stream, clock } = smallStream();
    for (const time of [1000, 1200, 1500]) stream.event(READ).emit(time);
    clock.nowMs = 3000;
    expect(stream.query().rate()).toBeCloseTo(1.5);
  });

  it('is over the stretch that is asked for', () => {
    const { stream, clock } = smallStream();
    clock.nowMs = 60_000;
    for (let i = 0; i < 100; i++) stream.event(READ).emit(10_000 + i * 100);
    const subject = stream.query().where({ since: ORIGIN_MS + 10_000, until: ORIGIN_MS + 20_000 });
    expect(subject.rate()).toBeCloseTo(10);
    expect(subject.where({ since: ORIGIN_MS + 15_000 }).rate()).toBeCloseTo(10);
    expect(
      stream
        .query()
        .where({ since: ORIGIN_MS + 10_000 })
        .rate(),
    ).toBeCloseTo(2);
  });

  it('is 0 without events, and without time', () => {
    const { stream } = smallStream();
    expect(stream.query().rate()).toBe(0);
    stream.event(READ).emit(1000);
    expect(stream.query().rate()).toBe(0);
  });
});

it('topN of groups ranks by the figure asked for, groups without values last', () => {
  const { stream } = smallStream();
  const bound = (operation: string) => stream.event(READ).bind({ 'test.operation': operation });
  for (const value of [1, 1, 1, 1]) bound('many').emit(1, value);
  for (const value of [9, 1]) bound('peak').emit(1, value);
  bound('mean').emit(1, 6);
  bound('none').emit(1);
  const grouped = stream.query().groupBy('test.operation');
  const keys = (by?: 'count' | 'sum' | 'mean' | 'max') => grouped.topN(2, by).map(({ key }) => key);
  expect([keys(), keys('sum'), keys('mean'), keys('max')]).toEqual([
    ['many', 'peak'],
    ['peak', 'mean'],
    ['mean', 'peak'],
    ['peak', 'mean'],
  ]);
  expect(grouped.topN(10, 'max').at(-1)?.key).toBe('none');
});

it('percentiles of values alike are that value, to a millionth', () => {
  const { stream } = smallStream();
  for (let i = 0; i < 100; i++) stream.event(READ).emit(1, 0.1);
  for (const value of stream.query().percentiles([0.01, 0.5, 1])) expect(value).toBeCloseTo(0.1, 6);
});

it('fields of one query do not change another', () => {
  const { stream } = smallStream();
  stream.event(READ).emit(1, 2, 3);
  const all = stream.query();
  const none = all.where({ severity: 24 });
  expect([
    all.sum(),
    all.field('detail').sum(),
    none.sum(),
    all.field('value').sum(),
    none.count(),
    all.count(),
  ]).toEqual([2, 3, 0, 2, 0, 1]);
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('time buckets of %d ms are refused', (width) => {
  expect(() => smallStream().stream.query().timeBuckets(width)).toThrow(
    new RangeError(`query: width of time buckets must be a number of milliseconds > 0, got ${width}`),
  );
});

it('a context that was overwritten is in no trace', () => {
  const { stream } = smallStream({ contexts: 1024 });
  stream.event(READ).emit(1, 1, 1, stream.context(TRACE_ID, SPAN_ID));
  expect(stream.query().where({ traceId: TRACE_ID }).count()).toBe(1);
  for (let i = 1; i <= 1024; i++) stream.context(i.toString(16).padStart(32, '0'), SPAN_ID);
  expect(stream.query().where({ traceId: TRACE_ID }).count()).toBe(0);
  expect(stream.query().groupBy('traceId').groups()).toEqual([]);
  expect(stream.query().records()).toMatchObject([{ traceId: '', spanId: '' }]);
});

it.each<[unknown, string]>([
  [{ since: '1' }, 'filter.since must be a number, got "1"'],
  [{ traceId: 7 }, 'filter.traceId must be a trace id, got 7'],
  [{ trace: TRACE_ID }, 'filter: "trace" is not a field of it; there are severity, category, name, type, threadId'],
  [[], 'filter must be an object, got an array'],
])('where(%j) is refused', (where, message) => {
  const narrow = () =>
    smallStream()
      .stream.query()
      .where(where as QueryFilter);
  expect(narrow).toThrow(
    new TypeError(`event stream: ${message}`.concat(message.endsWith('Id') ? ', pid, since, until, traceId' : '')),
  );
});

it.each<[unknown, string]>([
  [undefined, 'undefined'],
  ['0.5', '"0.5"'],
  [[0.5, 2], '2'],
  [[-1], '-1'],
  [[Number.NaN], 'NaN'],
  [['0.5'], '"0.5"'],
])('quantiles %j are refused', (quantiles, got) => {
  const query = smallStream().stream.query();
  const message = `event stream: quantiles must be an array of numbers from 0 to 1, got ${got}`;
  expect(() => query.percentiles(quantiles as number[])).toThrow(new TypeError(message));
  expect(() => query.groupBy('name').percentiles(quantiles as number[])).toThrow(new TypeError(message));
});
