import { createEventStream, type EventStreamConfig, type RingDescriptor } from '../src/index.ts';
import { HEADER_WORDS } from '../src/layout.ts';
import { DENIED, ORIGIN_MS, READ, READABLE, SPAN_ID, smallStream, TRACE_ID } from './streams.ts';

/** As a descriptor arrives in another thread. */
function sent(descriptor: RingDescriptor): RingDescriptor {
  return structuredClone(descriptor);
}

describe('allocation', () => {
  it('waits for the first event', () => {
    const { stream } = smallStream();
    const seen: RingDescriptor[] = [];
    stream.onAllocate((descriptor) => seen.push(descriptor));
    const handle = stream.event(READ).bind({ 'test.operation': 'open' });
    stream.name('x');
    stream.flush();
    const subscription = stream.subscribe();
    expect(stream.statistics()).toEqual({
      threads: [],
      produced: 0,
      dropped: 0,
      thinned: 0,
      consumed: 0,
      overwritten: 0,
      subscribers: [{ consumed: 0, dropped: 0, failed: 0, lag: 0 }],
      bytes: 0,
    });
    expect(stream.query().count()).toBe(0);
    handle.emit(1);
    expect(seen).toEqual([stream.descriptor()]);
    expect(subscription.read()).toMatchObject([{ labels: { 'test.operation': 'open' } }]);
    expect(stream.statistics().bytes).toBeGreaterThan(1024 * 64);
  });

  it('tells late listeners at once, and those that have gone no more', () => {
    const { stream } = smallStream();
    const listener = jest.fn();
    const undo = stream.onAllocate(listener);
    undo();
    stream.descriptor();
    expect(listener).not.toHaveBeenCalled();
    stream.onAllocate(listener);
    expect(listener).toHaveBeenCalledWith(stream.descriptor());
  });

  it('is not stopped by a listener that throws, nor confused by one that emits', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    stream.onAllocate(() => {
      throw new Error('listener');
    });
    stream.onAllocate(() => handle.emit(1, 1));
    handle.emit(1, 2);
    expect(stream.query().records()).toMatchObject([{ value: 1 }, { value: 2 }]);
  });

  it('takes what memory the configuration says', () => {
    const bytes = (config: EventStreamConfig): number => {
      const stream = createEventStream(config);
      stream.descriptor();
      return stream.statistics().bytes;
    };
    const dictionaryAndHeader = 16_384 + HEADER_WORDS * 4;
    expect(bytes({ slots: 1024 })).toBe(1024 * (64 + 64 + 24) + dictionaryAndHeader);
    expect(bytes({ slots: 1025 })).toBe(2048 * (64 + 64 + 24) + dictionaryAndHeader);
    expect(bytes({ slots: 1024, textBytes: 100_000, contexts: 1500 })).toBe(
      1024 * 64 + 131_072 + 2048 * 24 + dictionaryAndHeader,
    );
    expect(bytes({})).toBeLessThan(14e6);
  });
});

describe('options', () => {
  it.each([
    ['slots', 1023, 'slots must be a number from 1024 to 16777216, got 1023'],
    ['slots', 2 ** 24 + 1, 'slots must be a number from 1024 to 16777216, got 16777217'],
    ['slots', Number.NaN, 'slots must be a number from 1024 to 16777216, got NaN'],
    ['slots', '4096', 'slots must be a number from 1024 to 16777216, got 4096'],
    ['textBytes', 65_535, 'textBytes must be a number from 65536 to 1073741824, got 65535'],
    ['textBytes', 2 ** 30 + 1, 'textBytes must be a number from 65536 to 1073741824, got 1073741825'],
    ['contexts', 1023, 'contexts must be a number from 1024 to 16777216, got 1023'],
    ['dictionaryBytes', 16_383, 'dictionaryBytes must be a number from 16384 to 67108864, got 16383'],
    ['dictionaryBytes', 2 ** 26 + 1, 'dictionaryBytes must be a number from 16384 to 67108864, got 67108865'],
    ['maxDriftMs', -1, 'maxDriftMs must be a number from 0 to 3600000, got -1'],
    ['maxDriftMs', 3_600_001, 'maxDriftMs must be a number from 0 to 3600000, got 3600001'],
    ['timeOriginMs', -1, 'timeOriginMs must be a number from 0 to 140737488355328, got -1'],
    ['threadId', -1, 'threadId must be a number from 0 to 2147483648, got -1'],
    ['pid', Number.POSITIVE_INFINITY, 'pid must be a number from 0 to 2147483648, got Infinity'],
  ])('%s of %p is refused', (option, value, rule) => {
    expect(() => createEventStream({ [option]: value })).toThrow(new RangeError(`event stream: ${rule}`));
  });

  it('now must be a function', () => {
    expect(() => createEventStream({ now: 5 as never })).toThrow(
      new TypeError('event stream: now must be a function that returns milliseconds, got 5'),
    );
  });

  it.each([
    { slots: 1024, textBytes: 65_536, contexts: 1024, dictionaryBytes: 16_384, maxDriftMs: 0 },
    { slots: 1024, dictionaryBytes: 2 ** 26, maxDriftMs: 3_600_000 },
  ])('the last good values are good: %#', (config) => {
    expect(() => createEventStream(config).descriptor()).not.toThrow();
  });

  it('sizes may change until the first event', () => {
    const { stream } = smallStream();
    stream.event(READ);
    expect(stream.resize({ slots: 4096 })).toBe(true);
    expect(() => stream.resize({ slots: 5 })).toThrow(RangeError);
    stream.event(READ).emit(1);
    expect(stream.resize({ slots: 8192 })).toBe(false);
    expect(stream.statistics().threads).toMatchObject([{ slots: 4096, produced: 1 }]);
  });
});

describe('threads', () => {
  it('that are attached are read, queried and counted with the own one', () => {
    const [main, worker] = [smallStream({ threadId: 0 }), smallStream({ threadId: 5, timeOriginMs: ORIGIN_MS + 100 })];
    worker.stream.event(DENIED).emit(950);
    worker.stream.event(READ).bind({ 'test.operation': 'open' }).emit(1000, 2);
    main.stream.event(READ).emit(1050, 1);
    worker.stream.flush();
    expect(main.stream.attach(sent(worker.stream.descriptor()))).toBe(true);
    const records = main.stream.query().records();
    expect(records).toMatchObject([
      { threadId: 0, time: ORIGIN_MS + 1050, name: 'test.read', type: 0, labels: {} },
      { threadId: 5, time: ORIGIN_MS + 1050, name: 'test.denied', type: 1, category: 'security' },
      { threadId: 5, time: ORIGIN_MS + 1100, name: 'test.read', type: 0, labels: { 'test.operation': 'open' } },
    ]);
    expect(main.stream.statistics()).toMatchObject({
      produced: 3,
      threads: [{ threadId: 0 }, { threadId: 5, produced: 2 }],
    });
    expect(main.stream.definitions()).toEqual([READ, DENIED]);
    expect(main.stream.query().groupBy('threadId').groups()).toMatchObject([
      { key: '5', count: 2 },
      { key: '0', count: 1, sum: 1 },
    ]);
  });

  it('are attached once', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    expect(main.stream.attach(sent(worker.stream.descriptor()))).toBe(true);
    expect(main.stream.attach(sent(worker.stream.descriptor()))).toBe(false);
    expect(main.stream.attach(main.stream.descriptor())).toBe(false);
    expect(main.stream.statistics().threads).toHaveLength(2);
  });

  it('show what they have published: by batches of 32, at a flush, and at once for WARN and above', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(sent(worker.stream.descriptor()));
    const count = (): number => main.stream.query().count();
    const read = worker.stream.event(READ);
    read.emit(1);
    expect(count()).toBe(0);
    worker.stream.flush();
    expect(count()).toBe(1);
    for (let i = 0; i < 33; i++) read.emit(1);
    expect(count()).toBe(32);
    worker.stream.event(DENIED).emit(1);
    expect(count()).toBe(35);
  });

  it('that define an event otherwise are read by their own definition', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.event(READ);
    worker.stream
      .event({ ...READ, labels: [{ key: 'test.other', description: '' }] })
      .bind({ 'test.other': 'x' })
      .emit(1);
    worker.stream.flush();
    main.stream.attach(sent(worker.stream.descriptor()));
    expect(main.stream.query().records()).toMatchObject([
      { name: 'test.read', type: 0, labels: { 'test.other': 'x' } },
    ]);
  });

  it('that are detached keep their counts in the sums, and queries see them no more', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(sent(worker.stream.descriptor()));
    main.stream.event(READ).emit(1);
    for (let i = 0; i < 5; i++) worker.stream.event(READ).emit(1);
    worker.stream.event(READ).emit(1n as never);
    expect(main.stream.detach(5)).toBe(true);
    expect(main.stream.statistics()).toMatchObject({ produced: 6, dropped: 1, threads: [{ threadId: 0 }] });
    expect(main.stream.query().count()).toBe(1);
    expect(main.stream.detach(5)).toBe(false);
    expect(main.stream.detach(0)).toBe(false);
  });

  it('that are detached are drained by open subscriptions, what was not published yet included', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    const subscription = main.stream.subscribe();
    main.stream.attach(sent(worker.stream.descriptor()));
    for (let i = 0; i < 20; i++) worker.stream.event(READ).emit(1, i);
    main.stream.detach(5);
    worker.stream.event(READ).emit(1, 99);
    worker.stream.flush();
    expect(subscription.read().map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(subscription.read()).toEqual([]);
    expect(subscription).toMatchObject({ consumed: 20, dropped: 0 });
  });

  it('may go on writing after they were detached without a torn record getting out', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    const subscription = main.stream.subscribe();
    main.stream.attach(sent(worker.stream.descriptor()));
    for (let i = 0; i < 500; i++) worker.stream.event(READ).emit(1, i);
    main.stream.detach(5);
    for (let i = 500; i < 1100; i++) worker.stream.event(READ).emit(1, i);
    worker.stream.flush();
    const values = subscription.read(1000).map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: 500 - (1100 - READABLE) }, (_, i) => 1100 - READABLE + i));
    expect(subscription).toMatchObject({ consumed: values.length, dropped: 500 - values.length });
  });

  it('may be attached again under a number that was used before', () => {
    const [main, first, second] = [smallStream(), smallStream({ threadId: 5 }), smallStream({ threadId: 5 })];
    main.stream.attach(sent(first.stream.descriptor()));
    expect(main.stream.attach(sent(second.stream.descriptor()))).toBe(false);
    main.stream.detach(5);
    expect(main.stream.attach(sent(second.stream.descriptor()))).toBe(true);
  });

  it('publish contexts and texts with their records', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(sent(worker.stream.descriptor()));
    worker.stream.event(READ).emitText({ text: 'of the worker', context: worker.stream.context(TRACE_ID, SPAN_ID) });
    worker.stream.flush();
    expect(main.stream.query().where({ traceId: TRACE_ID }).records()).toMatchObject([
      { text: 'of the worker', spanId: SPAN_ID },
    ]);
  });

  it.each([
    ['another version', { version: 2 }],
    ['no number as thread', { threadId: undefined }],
    ['no shared memory', { records: new ArrayBuffer(65_536) }],
    ['a header that is too short', { header: new SharedArrayBuffer(8) }],
    ['records of another size', { records: new SharedArrayBuffer(65_536 + 64) }],
    ['too few records', { records: new SharedArrayBuffer(64) }],
    ['texts of another size', { text: new SharedArrayBuffer(65_537) }],
    ['contexts of another size', { contexts: new SharedArrayBuffer(24 * 1025) }],
  ])('cannot be attached with %s', (_what, fault) => {
    const descriptor = { ...smallStream({ threadId: 5 }).stream.descriptor(), ...fault } as RingDescriptor;
    expect(() => smallStream().stream.attach(descriptor)).toThrow(TypeError);
  });

  it('cannot be attached without a descriptor', () => {
    expect(() => smallStream().stream.attach(null as never)).toThrow(TypeError);
  });
});

it('counts exactly, however often the ring wraps', () => {
  const { stream } = smallStream();
  const handle = stream.event(READ);
  for (let i = 0; i < 100_000; i++) handle.emit(1, i);
  expect(stream.statistics()).toMatchObject({ produced: 100_000, dropped: 0 });
  const records = stream.query().records(5000);
  expect(records).toHaveLength(READABLE);
  expect(records.map(({ value, sequence }) => value - sequence)).toEqual(new Array(READABLE).fill(0));
  expect(records.at(-1)?.value).toBe(99_999);
});
