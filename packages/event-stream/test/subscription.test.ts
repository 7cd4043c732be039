import fc from 'fast-check';
import { type EventFilter, Severity, type SubscribeOptions } from '../src/index.ts';
import { runs } from './seed.ts';
import { DENIED, READ, READABLE, smallStream } from './streams.ts';

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe('where it starts', () => {
  it('is the next event, unless told otherwise', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    handle.emit(1, 1);
    const [fromNow, fromOldest] = [stream.subscribe(), stream.subscribe({ from: 'oldest' })];
    handle.emit(1, 2);
    expect(fromNow.read().map(({ value }) => value)).toEqual([2]);
    expect(fromOldest.read().map(({ value }) => value)).toEqual([1, 2]);
  });

  it('is the first event of a ring that appears later', () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe();
    stream.event(READ).emit(1, 1);
    expect(subscription.read().map(({ value }) => value)).toEqual([1]);
  });

  it('is the oldest that is left, when the ring has wrapped', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    for (let i = 0; i < 2000; i++) handle.emit(1, i);
    const subscription = stream.subscribe({ from: 'oldest' });
    expect(subscription.read(5000).map(({ value }) => value)).toEqual(numbers(2000 - READABLE, READABLE));
    expect(subscription).toMatchObject({ consumed: READABLE, dropped: 0 });
  });
});

describe('counts', () => {
  it('are exact: what was produced since the start is consumed, dropped, or still to be read', () => {
    const step = fc.oneof(fc.record({ emit: fc.nat(3000) }), fc.record({ read: fc.nat(1500) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(100), (steps, before) => {
        const { stream } = smallStream();
        const handle = stream.event(READ);
        for (let i = 0; i < before; i++) handle.emit(1, i);
        const subscription = stream.subscribe();
        let next = before;
        let expected = before;
        for (const action of steps) {
          if ('emit' in action) for (let i = 0; i < action.emit; i++) handle.emit(1, next++);
          if ('read' in action) {
            const lost = subscription.dropped;
            const records = subscription.read(action.read);
            expected += subscription.dropped - lost;
            expect(records.map(({ value }) => value)).toEqual(numbers(expected, records.length));
            expected += records.length;
          }
          const [{ lag = -1 } = {}] = stream.statistics().subscribers;
          expect(subscription.consumed + subscription.dropped + lag).toBe(next - before);
        }
        expect(subscription.consumed + before + subscription.dropped).toBe(expected);
      }),
      runs(60),
    );
  });

  it('of a subscriber that stopped reading grow no memory: it loses the oldest', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    const subscription = stream.subscribe();
    handle.emit(1, -1);
    const { bytes } = stream.statistics();
    for (let i = 0; i < 50_000; i++) handle.emit(1, i);
    expect(stream.statistics().bytes).toBe(bytes);
    expect(subscription.read(1)).toMatchObject([{ value: 50_000 - READABLE }]);
    expect(subscription).toMatchObject({ consumed: 1, dropped: 50_001 - READABLE });
  });

  it('include what a filter left out', () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe({ filter: { severity: Severity.WARN } });
    for (let i = 0; i < 10; i++) {
      stream.event(READ).emit(1);
      stream.event(DENIED).emit(1);
    }
    expect(subscription.read()).toHaveLength(10);
    expect(subscription).toMatchObject({ consumed: 20, dropped: 0 });
  });

  it('of one subscriber do not depend on another', () => {
    const { stream } = smallStream();
    const [a, b] = [stream.subscribe(), stream.subscribe()];
    stream.event(READ).emit(1);
    expect(a.read()).toHaveLength(1);
    expect(b.read()).toHaveLength(1);
    a.close();
    stream.event(READ).emit(1);
    expect(a.read()).toEqual([]);
    expect(b.read()).toHaveLength(1);
    const { subscribers, consumed, overwritten } = stream.statistics();
    expect(subscribers).toEqual([{ consumed: 2, dropped: 0, failed: 0, lag: 0 }]);
    expect({ consumed, overwritten }).toEqual({ consumed: 3, overwritten: 0 });
  });
});

describe('filters', () => {
  it.each([
    [{ severity: Severity.WARN }, ['denied', 'failed']],
    [{ severity: 25 }, []],
    [{ category: 'vfs' }, ['read', 'failed']],
    [{ category: ['vfs', 'security'] }, ['read', 'failed', 'denied']],
    [{ name: 'test.read' }, ['read', 'failed']],
    [{ name: [] }, []],
    [{ type: 1 }, ['denied']],
    [{ threadId: 0 }, ['read', 'failed', 'denied']],
    [{ threadId: [1, 2] }, []],
    [{ pid: 7 }, ['read', 'failed', 'denied']],
    [{ pid: 8 }, []],
    [{ category: 'vfs', severity: Severity.ERROR }, ['failed']],
    [{}, ['read', 'failed', 'denied']],
  ] as const)('%j', (filter, expected) => {
    const { stream } = smallStream();
    const subscription = stream.subscribe({ filter });
    const read = stream.event(READ);
    const denied = stream.event(DENIED);
    read.emit(1);
    denied.emit(1);
    read.bind({}, Severity.ERROR).emit(1);
    const kinds = subscription.read().map(({ name, severity }) => (severity === 17 ? 'failed' : name.slice(5)));
    expect(kinds.toSorted()).toEqual(expected.toSorted());
  });

  it('know events that are defined after the subscription', () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe({ filter: { category: 'security' } });
    stream.event(READ).emit(1);
    expect(subscription.read()).toEqual([]);
    stream.event(DENIED).emit(1);
    expect(subscription.read()).toMatchObject([{ name: 'test.denied' }]);
  });

  it('by a predicate that throws lose that record only, and say so', () => {
    const { stream } = smallStream();
    const predicate = (record: { value: number }): boolean => {
      if (record.value === 2) throw new Error('no');
      return record.value !== 1;
    };
    const [bad, good] = [stream.subscribe({ predicate }), stream.subscribe()];
    for (let i = 0; i < 5; i++) stream.event(READ).emit(1, i);
    expect(bad.read().map(({ value }) => value)).toEqual([0, 3, 4]);
    expect(good.read()).toHaveLength(5);
    expect(bad).toMatchObject({ consumed: 5, dropped: 0, failed: 1 });
    expect(good.failed).toBe(0);
  });

  it('by a predicate that reads its own subscription find nothing to read', () => {
    const { stream } = smallStream();
    const seen: number[] = [];
    const subscription = stream.subscribe({
      predicate: () => {
        seen.push(subscription.read().length);
        return true;
      },
    });
    for (let i = 0; i < 3; i++) stream.event(READ).emit(1);
    expect(subscription.read()).toHaveLength(3);
    expect(seen).toEqual([0, 0, 0]);
  });
});

describe('read', () => {
  it('returns at most what it is asked for, or the batch', () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe({ batch: 10 });
    for (let i = 0; i < 30; i++) stream.event(READ).emit(1, i);
    expect([subscription.read().length, subscription.read(3).length, subscription.read(100).length]).toEqual([
      10, 3, 17,
    ]);
    expect([subscription.read(), subscription.read(0), subscription.read(-1), subscription.read(Number.NaN)]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  it('takes a fraction for the whole number below, and no limit for all there is', () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe();
    for (let i = 0; i < 30; i++) stream.event(READ).emit(1, i);
    expect(subscription.read(2.9).map(({ value }) => value)).toEqual([0, 1]);
    expect(subscription.read(Number.POSITIVE_INFINITY).map(({ value }) => value)).toEqual(numbers(2, 28));
    expect(stream.query().topN(2.9)).toHaveLength(2);
    expect(stream.query().records(2.9)).toHaveLength(2);
  });

  it('merges threads in the order of the hybrid clock, each thread in its own order', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(structuredClone(worker.stream.descriptor()));
    const subscription = main.stream.subscribe();
    for (let i = 0; i < 200; i++) {
      const { stream } = i % 3 === 0 ? worker : main;
      // Times go back now and then, the order does not.
      stream.event(READ).emit(1000 + i - (i % 7), i);
      if (i % 50 === 0) worker.stream.flush();
    }
    worker.stream.flush();
    const records = subscription.read(1000);
    expect(records).toHaveLength(200);
    for (let i = 1; i < records.length; i++) {
      expect(records[i]!.hlc).toBeGreaterThanOrEqual(records[i - 1]!.hlc);
    }
    for (const thread of [0, 5]) {
      const sequences = records.filter(({ threadId }) => threadId === thread).map(({ sequence }) => sequence);
      expect(sequences).toEqual(numbers(0, sequences.length));
    }
  });

  it('keeps for the next time what it had to look at to find the order', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(structuredClone(worker.stream.descriptor()));
    const subscription = main.stream.subscribe();
    for (let i = 0; i < 50; i++) {
      main.stream.event(READ).emit(1000 + 2 * i, 2 * i);
      worker.stream.event(READ).emit(1001 + 2 * i, 2 * i + 1);
    }
    worker.stream.flush();
    const values: number[] = [];
    for (let records = subscription.read(7); records.length > 0; records = subscription.read(7)) {
      values.push(...records.map(({ value }) => value));
    }
    expect(values).toEqual(numbers(0, 100));
  });
});

describe('options', () => {
  it.each([0, 65_537, 1.5, Number.NaN, '5'])('batch of %p is refused', (batch) => {
    expect(() => smallStream().stream.subscribe({ batch: batch as number })).toThrow(
      new RangeError(`event stream: batch must be an integer from 1 to 65536, got ${batch}`),
    );
  });

  it.each<[unknown, string]>([
    [null, 'the options of subscribe must be an object, got null'],
    [{ filtre: {} }, 'subscribe has no option "filtre"; there are from, lossless, filter, predicate, batch'],
    [{ lossless: 1 }, 'lossless must be true or false, got 1'],
    [{ predicate: 'severity' }, 'predicate must be a function of a record, got severity'],
    [{ filter: 'WARN' }, 'filter must be an object, got "WARN"'],
    [{ filter: { severity: 'WARN' } }, 'filter.severity must be a number, got "WARN"'],
    [{ filter: { severity: Number.NaN } }, 'filter.severity must be a number, got NaN'],
    [{ filter: { severity: [9] } }, 'filter.severity must be a number, got an array'],
    [{ filter: { category: 'fs' } }, 'filter.category must be one of process'],
    [{ filter: { category: ['vfs', 'fs'] } }, 'or an array of such, got an array'],
    [{ filter: { name: 7 } }, 'filter.name must be an event name, or an array of such, got 7'],
    [{ filter: { pid: '1' } }, 'filter.pid must be a number, or an array of such, got "1"'],
    [{ filter: { traceId: 'a' } }, 'filter: "traceId" is not a field of it; there are severity, category, name'],
    [{ filter: { constructor: 1 } }, 'filter: "constructor" is not a field of it'],
  ])('%j is refused', (options, message) => {
    const subscribe = () => smallStream().stream.subscribe(options as SubscribeOptions);
    expect(subscribe).toThrow(TypeError);
    expect(subscribe).toThrow(`event stream: ${message}`.replace('event stream: or', 'or'));
  });

  it('a field that is undefined is left out', () => {
    const filter = { severity: undefined, category: undefined } as unknown as EventFilter;
    expect(() => smallStream().stream.subscribe({ filter })).not.toThrow();
  });

  it.each([1, 65_536])('batch of %i is good', (batch) => {
    expect(() => smallStream().stream.subscribe({ batch })).not.toThrow();
  });

  it('from must be one of its two words', () => {
    expect(() => smallStream().stream.subscribe({ from: 'later' as never })).toThrow(
      new RangeError("event stream: from must be 'now' or 'oldest', got later"),
    );
  });
});

describe('lossless', () => {
  it('loses nothing that was produced; what does not fit is refused at the producer and counted', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    const subscription = stream.subscribe({ lossless: true });
    for (let i = 0; i < 2000; i++) handle.emit(1, i);
    expect(stream.statistics()).toMatchObject({ produced: READABLE, dropped: 2000 - READABLE });
    const records = subscription.read(5000);
    expect(records.map(({ value }) => value)).toEqual(numbers(0, READABLE));
    handle.emit(1, 5000);
    expect(subscription.read()).toMatchObject([{ value: 5000, sequence: READABLE }]);
    expect(subscription).toMatchObject({ consumed: READABLE + 1, dropped: 0 });
  });

  it('follows a writer exactly, whatever the rhythm of both', () => {
    const step = fc.oneof(fc.record({ emit: fc.nat(1500) }), fc.record({ read: fc.nat(1000) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(3000), (steps, before) => {
        const { stream } = smallStream();
        const handle = stream.event(READ);
        for (let i = 0; i < before; i++) handle.emit(1, i);
        const subscription = stream.subscribe({ lossless: true });
        let expected = before;
        let emitted = before;
        for (const action of steps) {
          if ('emit' in action) for (let i = 0; i < action.emit; i++) handle.emit(1, emitted++);
          const records = subscription.read('read' in action ? action.read : 1);
          expect(records.map(({ sequence }) => sequence)).toEqual(numbers(expected, records.length));
          expected += records.length;
        }
        expect(subscription.dropped).toBe(0);
        const { produced, dropped } = stream.statistics();
        expect(produced + dropped).toBe(emitted);
      }),
      runs(60),
    );
  });

  it('can start with the oldest record', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    for (let i = 0; i < 2000; i++) handle.emit(1, i);
    const subscription = stream.subscribe({ lossless: true, from: 'oldest' });
    for (let i = 2000; i < 2010; i++) handle.emit(1, i);
    const values = subscription.read(5000).map(({ value }) => value);
    expect(values).toEqual(numbers(values[0] as number, 2010 - (values[0] as number)));
    expect(values.length).toBeGreaterThan(READABLE - 100);
    expect(subscription.dropped).toBe(0);
  });

  it('waits for the slowest, and lets go when it is closed', () => {
    const { stream } = smallStream();
    const handle = stream.event(READ);
    const [slow, quick] = [stream.subscribe({ lossless: true }), stream.subscribe({ lossless: true })];
    for (let i = 0; i < READABLE; i++) handle.emit(1, i);
    quick.read(5000);
    handle.emit(1);
    expect(stream.statistics().dropped).toBe(1);
    slow.close();
    slow.close();
    handle.emit(1, 7);
    expect(stream.statistics().dropped).toBe(1);
    expect(quick.read()).toMatchObject([{ value: 7 }]);
  });

  it('is for four subscribers at a time', () => {
    const { stream } = smallStream();
    const four = numbers(0, 4).map(() => stream.subscribe({ lossless: true }));
    expect(() => stream.subscribe({ lossless: true })).toThrow(
      new RangeError('event stream: lossless subscribers must be at most 4, close one first'),
    );
    expect(stream.statistics().subscribers).toHaveLength(4);
    four[2]?.close();
    expect(() => stream.subscribe({ lossless: true })).not.toThrow();
  });

  it('reads a ring as an ordinary subscriber when others hold its gates', () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(structuredClone(worker.stream.descriptor()));
    const holders = numbers(0, 4).map(() => worker.stream.subscribe({ lossless: true }));
    const fifth = main.stream.subscribe({ lossless: true });
    for (let i = 0; i < 2000; i++) {
      worker.stream.event(READ).emit(1, i);
      for (const holder of holders) holder.read();
    }
    expect(worker.stream.statistics()).toMatchObject({ produced: 2000, dropped: 0 });
    fifth.read();
    expect(fifth.dropped).toBe(2000 - READABLE);
  });
});

describe('as an async iterator', () => {
  async function take(iterator: AsyncIterator<{ value: number }>, count: number): Promise<number[]> {
    const values: number[] = [];
    for (let i = 0; i < count; i++) {
      const { value } = await iterator.next();
      values.push(value.value);
    }
    return values;
  }

  it('waits for events and hands them out one by one', async () => {
    const { stream } = smallStream();
    const iterator = stream.subscribe()[Symbol.asyncIterator]();
    const taken = take(iterator, 3);
    await new Promise(setImmediate);
    for (let i = 0; i < 2; i++) stream.event(READ).emit(1, i);
    await new Promise(setImmediate);
    stream.event(READ).emit(1, 2);
    expect(await taken).toEqual([0, 1, 2]);
  });

  it('ends when the subscription is closed', async () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe();
    const values: number[] = [];
    const done = (async () => {
      for await (const { value } of subscription) values.push(value);
      return 'done';
    })();
    stream.event(READ).emit(1, 5);
    await new Promise(setImmediate);
    subscription.close();
    expect(await done).toBe('done');
    expect(values).toEqual([5]);
  });

  it('that is left early gives back what it had not handed out', async () => {
    const { stream } = smallStream();
    const subscription = stream.subscribe();
    for (let i = 0; i < 5; i++) stream.event(READ).emit(1, i);
    for await (const { value } of subscription) {
      if (value === 1) break;
    }
    expect(subscription.read().map(({ value }) => value)).toEqual([2, 3, 4]);
    expect(subscription.consumed).toBe(5);
  });

  it('is woken by a ring that is attached while it waits', async () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    worker.stream.event(READ).emit(1, 9);
    worker.stream.flush();
    const taken = take(main.stream.subscribe()[Symbol.asyncIterator](), 1);
    await new Promise(setImmediate);
    main.stream.attach(structuredClone(worker.stream.descriptor()));
    expect(await taken).toEqual([9]);
  });

  it('is woken by what another ring publishes', async () => {
    const [main, worker] = [smallStream(), smallStream({ threadId: 5 })];
    main.stream.attach(structuredClone(worker.stream.descriptor()));
    const taken = take(main.stream.subscribe()[Symbol.asyncIterator](), 2);
    await new Promise(setImmediate);
    worker.stream.event(DENIED).emit(1, 1);
    await new Promise(setImmediate);
    worker.stream.event(DENIED).emit(1, 2);
    expect(await taken).toEqual([1, 2]);
  });

  it('of several does not wake the others for nothing', async () => {
    const { stream } = smallStream();
    const taken = numbers(0, 3).map(() => take(stream.subscribe()[Symbol.asyncIterator](), 2));
    await new Promise(setImmediate);
    for (let i = 0; i < 2; i++) {
      stream.event(READ).emit(1, i);
      await new Promise(setImmediate);
    }
    expect(await Promise.all(taken)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });
});
