import { createEventStream, type EventRecord } from '@sonde/event-stream';
import {
  ancestors,
  CausalGraph,
  causalTrace,
  descendants,
  happenedBefore,
  QUERY_DEFAULTS,
  timeline,
} from '../../src/index.ts';
import { definitionOf } from '../fixtures/events.ts';

const stream = createEventStream({ pid: 1, threadId: 1 });
const NAME = '0af7651916cd43dd8448eb211c80319c';
const handle = stream.event(definitionOf('test.argument'));
for (let i = 0; i < 3; i += 1) handle.emit(undefined, i, 0, stream.context(NAME, 'b7ad6b7169203331'));
const [first, second] = stream.query().records() as [EventRecord, EventRecord];

const ASKERS: Readonly<Record<string, (options?: unknown) => unknown>> = {
  causalTrace: (options) => causalTrace(NAME, options as never),
  timeline: (options) => timeline(NAME, options as never),
  ancestors: (options) => ancestors(NAME, options as never),
  descendants: (options) => descendants(NAME, options as never),
  happenedBefore: (options) => happenedBefore(first, second, options as never),
};

describe.each(Object.entries(ASKERS))('%s', (owner, ask) => {
  it.each([
    [undefined],
    [{}],
    [{ limit: undefined, stream: undefined }],
    [{ stream }],
    [{ limit: 1 }],
    [{ limit: 1e9 }],
  ])('takes the options %p', (options) => expect(() => ask(options)).not.toThrow());

  it.each([
    [null, 'the options must be an object, got null'],
    ['x', "the options must be an object, got 'x'"],
    [{ limits: 5 }, '"limits" is not an option; there are stream, limit'],
    [{ stream: null }, 'stream must be an EventStream, such as eventStream(), got null'],
    [{ stream: {} }, 'stream must be an EventStream, such as eventStream(), got {}'],
    [{ limit: Number.NaN }, 'limit must be an integer from 1 to 1000000000, got NaN'],
    [{ limit: null }, 'limit must be an integer from 1 to 1000000000, got null'],
    [{ limit: {} }, 'limit must be an integer from 1 to 1000000000, got {}'],
    [{ limit: '5' }, "limit must be an integer from 1 to 1000000000, got '5'"],
  ])('refuses the options %p', (options, message) => {
    expect(() => ask(options)).toThrow(new TypeError(`${owner}: ${message}`));
  });

  it.each([-1, 0, 1.5, 1e9 + 1, Number.POSITIVE_INFINITY])('refuses a limit of %p', (limit) => {
    expect(() => ask({ limit })).toThrow(
      new RangeError(`${owner}: limit must be an integer from 1 to 1000000000, got ${limit}`),
    );
  });
});

test('a limit is that of the newest records; by default there are 20,000', () => {
  expect(timeline(NAME, { stream, limit: 2 }).map(({ event }) => event.value)).toEqual([1, 2]);
  expect(QUERY_DEFAULTS).toEqual({ limit: 20_000 });
});

const RECORD = 'must be a record of an event, as queries and subscriptions give them (hlc is a bigint), got';
const collected = JSON.parse(JSON.stringify({ ...first, hlc: '7' }));
const { labels: _, ...bare } = first;

test.each([[undefined], [null], ['x'], [{}], [{ traceId: NAME, spanId: 'b7ad6b7169203331' }], [collected], [bare]])(
  'what is no record is refused: %p',
  (value) => {
    const odd = value as never;
    const graph = new CausalGraph([first]);
    for (const asked of [graph.happenedBefore.bind(graph), (a: never, b: never) => happenedBefore(a, b, { stream })]) {
      expect(() => asked(odd, first as never)).toThrow(TypeError);
      expect(() => asked(odd, first as never)).toThrow(`happenedBefore: a ${RECORD} `);
      expect(() => asked(first as never, odd)).toThrow(`happenedBefore: b ${RECORD} `);
    }
    expect(() => new CausalGraph([first, odd])).toThrow(`CausalGraph: each of the records ${RECORD} `);
    if (typeof value !== 'object' || value === null) return;
    expect(() => graph.ancestors(odd)).toThrow(`ancestors: of ${RECORD} `);
    expect(() => descendants(odd, { stream })).toThrow(`descendants: of ${RECORD} `);
  },
);

test.each([['xyz'], [''], [5], [undefined], [null], [{}]])(
  'a graph is built from no list of records: %p',
  (records) => {
    expect(() => new CausalGraph(records as never)).toThrow(
      /^CausalGraph: records must be iterable, such as an array, got ('xyz'|''|5|undefined|null|\{\})$/,
    );
  },
);
