import { once } from 'node:events';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { IS_LONG } from './seed.ts';
import { READABLE } from './streams.ts';

// long: 2^32 + 10,000 events through one ring, so that every 32-bit word in it wraps
const EVENTS = IS_LONG ? 2 ** 32 + 10_000 : 2_000_000;

it(`counts and reads are exact after ${EVENTS} events`, async () => {
  const worker = new Worker(join(import.meta.dirname, 'fixtures', `many-events${extname(import.meta.filename)}`), {
    workerData: { events: EVENTS },
    execArgv: ['--conditions=@sonde/source'],
  });
  const [result] = await once(worker, 'message');
  const expected = Array.from({ length: READABLE }, (_, i) => EVENTS - READABLE + i);
  expect(result.statistics).toEqual({ produced: EVENTS, dropped: 0, lag: EVENTS });
  expect(result.sequences).toEqual(expected);
  expect(result.values).toEqual(expected);
  expect(result.counts).toEqual({ consumed: READABLE, dropped: EVENTS - READABLE });
  expect(result.summary).toMatchObject({ count: READABLE, min: EVENTS - READABLE, max: EVENTS - 1 });
}, 900_000);
