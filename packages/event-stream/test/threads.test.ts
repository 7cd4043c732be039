import { createEventStream, type EventStream, Severity } from '../src/index.ts';
import { traceIdOf } from './fixtures/workload.ts';
import { IS_LONG, SEED } from './seed.ts';
import { faultOf, WriterThread } from './writer-thread.ts';

// long: as in the short form, with fifty times the events
const EVENTS = IS_LONG ? 5_000_000 : 100_000;
const DEFAULTS = { slots: 8192, textBytes: 1 << 20, contexts: 8192, pauseEvery: 0, seed: SEED };

jest.setTimeout(IS_LONG ? 600_000 : 60_000);
beforeAll(() => console.log(`seed ${SEED}`));

let writers: WriterThread[] = [];
afterEach(async () => {
  for (const writer of writers) await writer.terminate();
  writers = [];
});

async function createWriters(options: Partial<Parameters<typeof WriterThread.create>[0]>[]): Promise<EventStream> {
  const stream = createEventStream({ slots: 1024 });
  for (const [i, option] of options.entries()) {
    const writer = await WriterThread.create({ ...DEFAULTS, events: EVENTS, threadId: 11 + i, ...option });
    writers.push(writer);
    stream.attach(writer.descriptor);
  }
  return stream;
}

it('two producers do not disturb each other, and each is counted exactly', async () => {
  const stream = await createWriters([{}, {}]);
  const subscription = stream.subscribe();
  const reports = writers.map((writer) => writer.done());
  for (const writer of writers) writer.start();
  const counts = new Map<number, number>();
  const last = new Map<number, bigint>();
  const faults: string[] = [];
  let running = true;
  const all = Promise.all(reports).finally(() => {
    running = false;
  });
  const read = (): number => {
    const records = subscription.read();
    for (const record of records) {
      counts.set(record.threadId, (counts.get(record.threadId) ?? 0) + 1);
      const fault = record.hlc > (last.get(record.threadId) ?? 0n) ? faultOf(record) : 'the clock did not ascend';
      if (fault !== undefined && faults.length < 10) faults.push(fault);
      last.set(record.threadId, record.hlc);
    }
    return records.length;
  };
  while (running) {
    read();
    await new Promise(setImmediate);
  }
  while (read() > 0);
  expect(faults).toEqual([]);
  expect(await all).toEqual([11, 12].map(() => ({ emitted: EVENTS, produced: EVENTS, dropped: 0 })));
  expect([...counts.keys()].toSorted()).toEqual([11, 12]);
  expect(subscription.consumed + subscription.dropped).toBe(2 * EVENTS);
  expect(stream.statistics()).toMatchObject({ produced: 2 * EVENTS, dropped: 0 });
});

it('a lossless subscriber in another thread gets every record that was produced; what was refused is counted', async () => {
  const stream = await createWriters([{ slots: 1024 }]);
  const subscription = stream.subscribe({ lossless: true });
  const [writer] = writers as [WriterThread];
  const report = writer.done();
  writer.start();
  let expected = 0;
  let lastNumber = -1;
  let running = true;
  void report.finally(() => {
    running = false;
  });
  const faults: string[] = [];
  const read = (): number => {
    const records = subscription.read();
    for (const { sequence, value, detail } of records) {
      if (sequence !== expected || value <= lastNumber || detail !== 2 * value + 1)
        faults.push(`${sequence}: ${value}`);
      expected = sequence + 1;
      lastNumber = value;
    }
    return records.length;
  };
  while (running) {
    read();
    await new Promise(setImmediate);
  }
  while (read() > 0);
  const { emitted, produced, dropped } = await report;
  expect(faults).toEqual([]);
  expect(emitted).toBe(EVENTS);
  expect(produced + dropped).toBe(EVENTS);
  expect(subscription).toMatchObject({ consumed: produced, dropped: 0 });
  expect(stream.statistics()).toMatchObject({ produced, dropped });
});

it('an iterator is woken by a thread that warns, and ends when it is closed', async () => {
  const stream = await createWriters([{ events: 2000, pauseEvery: 100 }]);
  const subscription = stream.subscribe({ filter: { severity: Severity.WARN } });
  const [writer] = writers as [WriterThread];
  const numbers: number[] = [];
  const reading = (async () => {
    for await (const { value } of subscription) {
      numbers.push(value);
      if (numbers.length === 40) break;
    }
  })();
  writer.start();
  await reading;
  subscription.close();
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => i * 50));
});

it('a thread that is torn down leaves all that it wrote to those who read it, published or not', async () => {
  const stream = await createWriters([{ events: 45, isHeld: true }]);
  const subscription = stream.subscribe();
  const [writer] = writers as [WriterThread];
  writer.start();
  while (!writer.isHeld) await new Promise(setImmediate);
  const published = subscription.read(1000).length;
  expect(published).toBeLessThan(45);
  await writer.terminate();
  stream.detach(11);
  const rest = subscription.read(1000);
  expect(rest.map(({ value }) => value)).toEqual(Array.from({ length: 45 - published }, (_, i) => published + i));
  expect(rest.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  expect(subscription).toMatchObject({ consumed: 45, dropped: 0 });
  expect(stream.statistics()).toMatchObject({ produced: 45, threads: [] });
});

it('a query for a trace finds it in whichever thread it was', async () => {
  const stream = await createWriters([{ events: 4000 }, { events: 4000 }]);
  const reports = writers.map((writer) => writer.done());
  for (const writer of writers) writer.start();
  await Promise.all(reports);
  const records = stream
    .query()
    .where({ traceId: traceIdOf(2000) })
    .records();
  expect(records.map(({ threadId, value }) => [threadId, value]).toSorted()).toEqual(
    [11, 12].flatMap((thread) => Array.from({ length: 8 }, (_, i) => [thread, 2000 + i])),
  );
});
