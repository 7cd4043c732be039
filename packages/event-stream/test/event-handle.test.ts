import { type EventHandle, Severity, timestampToBigInt } from '../src/index.ts';
import { DENIED, ORIGIN_MS, READ, SPAN_ID, smallStream, TRACE_ID } from './streams.ts';

it('what is emitted is what is read', () => {
  const { stream } = smallStream({ threadId: 3 });
  const subscription = stream.subscribe();
  const handle = stream.event(READ).bind({ 'test.operation': 'open', 'test.mount': '/data' }, Severity.ERROR);
  handle.emit(999.5, 0.25, 4096, stream.context(TRACE_ID, SPAN_ID));
  expect(subscription.read()).toEqual([
    {
      time: ORIGIN_MS + 999.5,
      hlc: BigInt(ORIGIN_MS + 999) << 16n,
      name: 'test.read',
      type: 0,
      severity: Severity.ERROR,
      category: 'vfs',
      value: 0.25,
      detail: 4096,
      labels: { 'test.operation': 'open', 'test.mount': '/data' },
      text: '',
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      sequence: 0,
      threadId: 3,
      pid: 7,
    },
  ]);
});

it('what is left out reads as NaN and empty', () => {
  const { stream, clock } = smallStream();
  stream.event(READ).emit();
  const [record] = stream.query().records();
  expect(record).toMatchObject({
    time: ORIGIN_MS + clock.nowMs,
    value: Number.NaN,
    detail: Number.NaN,
    labels: {},
    text: '',
    traceId: '',
    spanId: '',
  });
});

it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY])(
  'takes the time from the clock when it is given %d',
  (time) => {
    const { stream, clock } = smallStream();
    clock.nowMs = 1234.5;
    stream.event(READ).emit(time, 1);
    expect(stream.query().records()[0]?.time).toBe(ORIGIN_MS + 1234.5);
  },
);

it.each([
  0,
  -0,
  1,
  -1.5,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 53,
])('keeps the numbers as they are: %d', (number) => {
  const { stream } = smallStream();
  stream.event(READ).emit(1, number, -number);
  expect(stream.query().records()[0]).toMatchObject({ value: number, detail: -number });
});

it('takes the clock from the stream, and each event one step further', () => {
  const { stream } = smallStream();
  const handle = stream.event(READ);
  for (let i = 0; i < 3; i++) handle.emit(1000);
  const stamps = stream
    .query()
    .records()
    .map((record) => record.hlc);
  expect(stamps).toEqual([0n, 1n, 2n].map((logical) => (BigInt(ORIGIN_MS + 1000) << 16n) | logical));
  expect(timestampToBigInt(stream.clock.send(1000))).toBe((stamps[2] as bigint) + 1n);
});

describe('never throws', () => {
  const hostile: [string, (handle: EventHandle) => void][] = [
    ['a bigint value', (handle) => handle.emit(1, 1n as never)],
    ['a symbol', (handle) => handle.emit(1, Symbol('x') as never)],
    [
      'an object that throws',
      (handle) =>
        handle.emit(1, {
          valueOf: () => {
            throw new Error('no');
          },
        } as never),
    ],
    ['a bigint time', (handle) => handle.emit(1n as never)],
    ['a symbol as context', (handle) => handle.emit(1, 1, 1, Symbol('x') as never)],
    ['nothing to emitText', (handle) => handle.emitText(undefined as never)],
    ['a bigint in emitText', (handle) => handle.emitText({ text: 'x', value: 1n as never })],
  ];

  it.each(hostile)('for %s: the event is dropped and counted, the next one is written', (_what, emit) => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    emit(handle);
    handle.emit(1, 42);
    expect(stream.statistics()).toMatchObject({ produced: 1, dropped: 1 });
    expect(stream.query().records()).toMatchObject([{ value: 42, sequence: 0 }]);
  });

  it.each([
    ['a text that is no string', { text: 5 }],
    ['an empty text', { text: '' }],
    ['no text', {}],
  ])('for %s: the event is written without', (_what, event) => {
    const { stream } = smallStream();
    stream.event(READ).emitText(event as never);
    expect(stream.query().records()).toMatchObject([{ text: '' }]);
  });

  it('for a context that was never given out', () => {
    const { stream } = smallStream();
    for (const context of [5, -1, 0.5, Number.NaN, 2 ** 60]) stream.event(READ).emit(1, 1, 1, context);
    expect(
      stream
        .query()
        .records()
        .map(({ traceId }) => traceId),
    ).toEqual(['', '', '', '', '']);
  });
});

describe('bind', () => {
  it('binds one label after the other and leaves the handle it came from alone', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    const operation = handle.bind({ 'test.operation': 'open' });
    operation.bind({ 'test.mount': '/' }).emit(1);
    operation.emit(1);
    handle.emit(1);
    expect(
      stream
        .query()
        .records()
        .map(({ labels }) => labels),
    ).toEqual([{ 'test.operation': 'open', 'test.mount': '/' }, { 'test.operation': 'open' }, {}]);
  });

  it('refuses labels that the definition does not name, and other severities than those of OpenTelemetry', () => {
    const handle = smallStream().stream.event(READ);
    expect(() => handle.bind({ nope: 'x' })).toThrow(
      new TypeError('event stream: labels of test.read must be among [test.operation, test.mount], got "nope"'),
    );
    expect(() => handle.bind({}, 99)).toThrow(
      new TypeError('event stream: severity of test.read must be an integer from 1 to 24, got 99'),
    );
  });

  it.each(['__proto__', 'constructor', '\u0000\u001b[31m', 'line\nbreak', '\u{1f600}', ' '])(
    'takes %j as a label value',
    (value) => {
      const { stream } = smallStream();
      stream.event(READ).bind({ 'test.operation': value }).emit(1);
      expect(stream.query().records()[0]?.labels).toEqual({ 'test.operation': value });
      expect(stream.query().groupBy('test.operation').groups()).toMatchObject([{ key: value, count: 1 }]);
    },
  );

  it('takes an empty value for none, and what is no string by its text', () => {
    const { stream } = smallStream();
    stream
      .event(READ)
      .bind({ 'test.operation': '', 'test.mount': 7 as never })
      .emit(1);
    expect(stream.query().records()[0]?.labels).toEqual({ 'test.mount': '7' });
  });

  it('lets a million different values cost a bounded memory', () => {
    const { stream } = smallStream({ dictionaryBytes: 65_536 });
    const handle = stream.event(READ);
    for (let i = 0; i < 100_000; i++) handle.bind({ 'test.operation': `user-${i}` }).emit(1);
    const [last] = stream.query().records(1);
    expect(last?.labels).toEqual({ 'test.operation': '(overflow)' });
    expect(stream.statistics().bytes).toBeLessThan(65_536 * 2 + 1024 * (64 + 64 + 24) + 20_000);
  });
});

describe('text', () => {
  it.each(['x', 'caf\u00e9 \u{1f600}', '\u0000', 'a'.repeat(8192)])('%# is read as it was emitted', (text) => {
    const { stream } = smallStream();
    stream.event(READ).emitText({ text, timeMs: 1, value: 2, detail: 3, context: stream.context(TRACE_ID, SPAN_ID) });
    expect(stream.query().records()).toMatchObject([{ text, value: 2, detail: 3, traceId: TRACE_ID }]);
  });

  it('of one record does not show in the one that takes its place', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    for (let i = 0; i < 1024; i++) handle.emitText({ text: `old ${i}` });
    for (let i = 0; i < 1024; i++) handle.emit(1);
    expect(
      stream
        .query()
        .records(2000)
        .every(({ text }) => text === ''),
    ).toBe(true);
  });

  it('that was overwritten reads as empty, while its record is still there', () => {
    const { stream } = smallStream({ textBytes: 65_536 });
    const handle = stream.event(READ);
    for (let i = 0; i < 20; i++) handle.emitText({ text: String(i).repeat(4000), value: i });
    const records = stream.query().records();
    expect(records).toHaveLength(20);
    expect(records[0]?.text).toBe('');
    for (const { text, value } of records) expect(['', String(value).repeat(4000).slice(0, 8192)]).toContain(text);
    expect(records.at(-1)?.text).toBe('19'.repeat(4000));
  });
});

describe('levels', () => {
  it('switch off what is below them, in one category or in all', () => {
    const { stream } = smallStream();
    const [read, denied] = [stream.event(READ), stream.event(DENIED)];
    const enabled = (): boolean[] => [read.enabled, denied.enabled];
    expect(enabled()).toEqual([true, true]);
    stream.setLevel(Severity.WARN);
    expect(enabled()).toEqual([false, true]);
    stream.setLevel(Number.POSITIVE_INFINITY, 'security');
    expect(enabled()).toEqual([false, false]);
    stream.setLevel(0, 'vfs');
    expect(enabled()).toEqual([true, false]);
    stream.setLevel(0);
    expect(enabled()).toEqual([true, true]);
  });

  it('hold for handles that were bound before, by the severity that is bound', () => {
    const { stream } = smallStream();
    const warning = stream.event(READ).bind({}, Severity.WARN);
    const plain = stream.event(READ).bind({ 'test.operation': 'x' });
    stream.setLevel(Severity.WARN);
    for (const handle of [warning, plain]) {
      handle.emit(1);
      handle.emitText({ text: 'x' });
    }
    expect(stream.statistics()).toMatchObject({ produced: 2, dropped: 0, thinned: 0 });
    expect([warning.enabled, plain.enabled]).toEqual([true, false]);
  });

  it('hold for events that are defined later', () => {
    const { stream } = smallStream();
    stream.setLevel(Severity.WARN, 'vfs');
    expect(stream.event(READ).enabled).toBe(false);
  });

  it.each([[Number.NaN], ['high'], [undefined]])('must be numbers, not %p', (level) => {
    expect(() => smallStream().stream.setLevel(level as never)).toThrow(RangeError);
  });

  it('must be of a category that exists', () => {
    expect(() => smallStream().stream.setLevel(1, 'disk' as never)).toThrow(
      /category must be one of process,.* got disk/,
    );
  });
});

describe('thinning', () => {
  it('keeps one in n events below WARN and counts the others exactly', () => {
    const { stream } = smallStream();
    const [read, denied] = [stream.event(READ), stream.event(DENIED)];
    stream.setThinning(10);
    for (let i = 0; i < 105; i++) {
      read.emit(1);
      denied.emit(1);
    }
    expect(stream.statistics()).toMatchObject({ produced: 10 + 105, thinned: 95, dropped: 0 });
    expect(read.enabled).toBe(true);
    stream.setThinning(1);
    read.emit(1);
    expect(stream.statistics()).toMatchObject({ produced: 10 + 105 + 1, thinned: 95 });
  });

  it('does not count what is switched off', () => {
    const { stream } = smallStream();
    stream.setLevel(Severity.WARN);
    stream.setThinning(2);
    for (let i = 0; i < 10; i++) stream.event(READ).emit(1);
    expect(stream.statistics()).toMatchObject({ produced: 0, thinned: 0 });
  });

  it('is counted though nothing was written yet', () => {
    const { stream } = smallStream();
    stream.setThinning(100);
    for (let i = 0; i < 5; i++) stream.event(READ).emit(1);
    expect(stream.statistics()).toMatchObject({ produced: 0, thinned: 5, bytes: 0 });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2'])('refuses the ratio %p', (ratio) => {
    expect(() => smallStream().stream.setThinning(ratio as number)).toThrow(
      `event stream: thinning ratio must be an integer >= 1, got ${ratio}`,
    );
  });
});
