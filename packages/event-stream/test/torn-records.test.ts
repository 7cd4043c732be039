import { createEventStream, type EventStream } from '../src/index.ts';
import { DETAIL, NUMBERS_PER_RECORD, VALUE } from '../src/layout.ts';
import { createScratch } from '../src/record-block.ts';
import { Ring } from '../src/ring.ts';
import { RingReader } from '../src/ring-reader.ts';
import { IS_LONG, SEED } from './seed.ts';
import { faultOf, WriterThread } from './writer-thread.ts';

// long: a writer in another thread laps its readers for 60 s: no torn or misattributed record, and all counts exact
const DURATION_MS = IS_LONG ? 60_000 : 1500;
const SMALLEST = { slots: 1024, textBytes: 65_536, contexts: 1024, events: 0, threadId: 9, seed: SEED };

jest.setTimeout(DURATION_MS * 4 + 30_000);
beforeAll(() => console.log(`seed ${SEED}`));

let writer: WriterThread;
afterEach(() => writer.terminate());

/** Reads until the time is over, then until the writer has stopped and nothing is left. */
async function readAll<T>(read: () => number, stop: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + DURATION_MS;
  while (performance.now() < endMs) {
    read();
    await new Promise(setImmediate);
  }
  const report = await stop();
  while (read() > 0);
  return report;
}

function attached(): EventStream {
  const stream = createEventStream({ slots: 1024 });
  stream.attach(writer.descriptor);
  return stream;
}

it.each([
  ['as fast as it can', 0],
  ['in bursts of the size of its ring', 1024],
  ['in bursts that fit', 300],
])(
  'a writer that emits %s never shows a torn or misattributed record, and the counts are exact',
  async (_how, pauseEvery) => {
    writer = await WriterThread.create({ ...SMALLEST, pauseEvery });
    const subscription = attached().subscribe();
    writer.start();
    const faults: string[] = [];
    let last = -1;
    let read = 0;
    const report = await readAll(
      () => {
        const records = subscription.read(256);
        for (const record of records) {
          const fault = record.sequence > last ? faultOf(record) : `sequence ${record.sequence} after ${last}`;
          if (fault !== undefined && faults.length < 10) faults.push(fault);
          last = record.sequence;
        }
        read += records.length;
        return records.length;
      },
      () => writer.stop(),
    );
    console.log(`${report.produced} produced, ${subscription.consumed} consumed, ${subscription.dropped} dropped`);
    expect(faults).toEqual([]);
    expect(report.produced).toBe(report.emitted);
    expect(subscription.consumed).toBe(read);
    expect(subscription.consumed + subscription.dropped).toBe(report.produced);
  },
);

it('raw records, copied as fast as they come, are whole', async () => {
  writer = await WriterThread.create({ ...SMALLEST, pauseEvery: 0 });
  const reader = new RingReader(new Ring(writer.descriptor), 0, createScratch(512));
  writer.start();
  let torn = 0;
  const readBatches = (): number => {
    let read = 0;
    for (let i = 0; i < 500; i++) {
      const batch = reader.read(512);
      if (batch === undefined) break;
      const { numbers, firstSequence } = batch.block;
      for (let slot = batch.from; slot < batch.to; slot++) {
        const value = numbers[slot * NUMBERS_PER_RECORD + VALUE];
        const detail = numbers[slot * NUMBERS_PER_RECORD + DETAIL];
        if (value !== firstSequence + slot || detail !== 2 * (firstSequence + slot) + 1) torn++;
      }
      read += batch.to;
    }
    return read;
  };
  const report = await readAll(readBatches, () => writer.stop());
  console.log(`${report.produced} produced, ${reader.consumed} consumed, ${reader.dropped} dropped`);
  expect(torn).toBe(0);
  expect(reader.consumed).toBeGreaterThan(0);
  expect(reader.consumed + reader.dropped).toBe(report.produced);
});

it('queries of a ring that is being written see whole records only', async () => {
  writer = await WriterThread.create({ ...SMALLEST, pauseEvery: 0 });
  const stream = attached();
  writer.start();
  const faults: string[] = [];
  await readAll(
    () => {
      const records = stream.query().records(200);
      for (const record of records) {
        const fault = faultOf(record);
        if (fault !== undefined && faults.length < 10) faults.push(fault);
      }
      const { count, min, max } = stream.query().summary();
      if (count > 1024 || max - min > 3 * 1024 * 1024) faults.push(`${count} records from ${min} to ${max}`);
      return 0;
    },
    () => writer.stop(),
  );
  expect(faults).toEqual([]);
});
