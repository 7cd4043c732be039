import { createEventStream } from '../src/index.ts';
import { IS_LONG } from './seed.ts';
import { READ, READABLE } from './streams.ts';

// long: 2^32 + 10,000 events through one ring, so that every 32-bit word in it wraps
const EVENTS = IS_LONG ? 2 ** 32 + 10_000 : 200_000;

it(`counts and reads are exact after ${EVENTS} events`, () => {
  const stream = createEventStream({ slots: 1024 });
  const handle = stream.event(READ);
  const subscription = stream.subscribe();
  for (let i = 0; i < EVENTS; i++) handle.emit(1, i);
  expect(stream.statistics()).toMatchObject({ produced: EVENTS, dropped: 0, subscribers: [{ lag: EVENTS }] });
  const records = subscription.read(5000);
  expect(records.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: READABLE }, (_, i) => EVENTS - READABLE + i),
  );
  expect(records.every(({ value, sequence }) => value === sequence)).toBe(true);
  expect(subscription).toMatchObject({ consumed: READABLE, dropped: EVENTS - READABLE });
  expect(stream.query().summary()).toMatchObject({ count: READABLE, max: EVENTS - 1 });
}, 600_000);
