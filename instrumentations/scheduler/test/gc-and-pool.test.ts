import { createEventStream } from '@sonde/event-stream';
import type { LibuvPool, LibuvPoolSnapshot } from '@sonde/instrumentation-kit';
import { GcPauses } from '../src/gc-pauses.ts';
import { PoolMetrics } from '../src/pool-metrics.ts';
import { PoolProbe } from '../src/pool-probe.ts';
import { TELEMETRY } from '../src/semantic-names.ts';

/** An instrument that notes what its handles are given, by their attributes. */
function instrument() {
  const given: Record<string, number[]> = {};
  return {
    given,
    bind(attributes: Readonly<Record<string, unknown>> = {}) {
      const list: number[] = [];
      given[Object.values(attributes).join()] = list;
      const note = (value: number): void => {
        list.push(value);
      };
      return { record: note, set: note, add: note, advanceTo: note };
    },
  };
}

test('collections are recorded in seconds, by kind; long ones are events with their duration and end', () => {
  const stream = createEventStream({ timeOriginMs: 1_000_000 });
  const histogram = instrument();
  const event = stream.event(TELEMETRY.events.gcPause);
  const pauses = new GcPauses({ instrument: histogram as never, event, pauseMs: 100 });
  const kinds = { 1: 'minor', 2: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb', 64: 'other' };
  for (const kind of Object.keys(kinds)) pauses.record({ startTime: 0, duration: 2, detail: { kind: Number(kind) } });
  pauses.record({ startTime: 500, duration: 99.9, detail: { kind: 4 } });
  pauses.record({ startTime: 700, duration: 100, detail: { kind: 4 } });
  pauses.record({ startTime: 0, duration: 1 });
  expect(histogram.given).toEqual({
    minor: [0.002, 0.002],
    major: [0.002, 0.0999, 0.1],
    incremental: [0.002],
    weakcb: [0.002],
    other: [0.002, 0.001],
  });
  expect(stream.query().records()).toMatchObject([
    {
      name: 'sonde.scheduler.gc_pause',
      severity: 13,
      value: 0.1,
      time: 1_000_800,
      labels: { 'v8js.gc.type': 'major' },
    },
  ]);
});

function poolMetrics(waitMs: number) {
  const stream = createEventStream();
  const snapshot = {
    size: 4,
    inFlight: 9,
    queued: 5,
    maxInFlight: 9,
    operations: 0,
    saturatedSeconds: 0,
    queueSeconds: 0,
  };
  const pool = { snapshot: (): LibuvPoolSnapshot => ({ ...snapshot }) } as LibuvPool;
  const wait = instrument();
  const instruments = new Proxy({}, { get: (_, key) => (key === 'poolWait' ? wait : instrument()) });
  const event = stream.event(TELEMETRY.events.poolWait);
  const metrics = new PoolMetrics({ pool, instruments: instruments as never, event, windowMs: 60_000, waitMs });
  return { stream, snapshot, metrics, waits: () => wait.given[''] };
}

test('the wait is that of the last window: time in the queue by operations', () => {
  const { snapshot, metrics, waits } = poolMetrics(1_000);
  metrics.observe(0);
  snapshot.operations = 10;
  snapshot.queueSeconds = 2;
  metrics.observe(1_000);
  expect(waits()).toEqual([0, 0.2]);
});

test('a long wait is told once, and again after it was half as long in between', () => {
  const { stream, snapshot, metrics } = poolMetrics(50);
  const told = () => stream.query().where({ name: 'sonde.scheduler.pool_wait' }).count();
  let ms = 0;
  const minutes = (count: number, waitSeconds: number): void => {
    for (let i = 0; i < count * 12; i++) {
      snapshot.operations += 10;
      snapshot.queueSeconds += 10 * waitSeconds;
      ms += 5_000;
      metrics.observe(ms);
    }
  };
  minutes(2, 0.01);
  expect(told()).toBe(0);
  minutes(2, 0.08);
  minutes(2, 0.04); // better, but not by half
  minutes(2, 0.08);
  expect(told()).toBe(1);
  minutes(3, 0.01);
  minutes(2, 0.08);
  expect(told()).toBe(2);
  expect(stream.query().records(1)).toMatchObject([{ severity: 13, detail: 9 }]);
});

test('the probe is one operation at a time', () => {
  const clock = { ms: 10 };
  const pending: (() => void)[] = [];
  const duration = instrument();
  const probe = new PoolProbe(
    (done) => pending.push(done),
    duration.bind() as never,
    () => clock.ms,
  );
  probe.observe();
  probe.observe();
  expect(pending).toHaveLength(1);
  clock.ms = 30;
  pending.pop()?.();
  expect(duration.given['']).toEqual([0.02]);
  probe.observe();
  expect(pending).toHaveLength(1);
});
