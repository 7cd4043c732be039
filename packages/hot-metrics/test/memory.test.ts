import { createHotMetrics, type HotMetrics } from '../src/index.ts';
import { captureDiag } from './diag-log.ts';
import { histogram, only, points } from './reading.ts';

const said = captureDiag();
const RealSharedArrayBuffer = SharedArrayBuffer;

/** Runs with a SharedArrayBuffer whose constructor is replaced. */
function withSharedMemory(create: (bytes: number, options?: object) => SharedArrayBuffer, run: () => void): void {
  globalThis.SharedArrayBuffer = class {
    constructor(bytes: number, options?: object) {
      // biome-ignore lint/correctness/noConstructorReturn: this stands in for a constructor.
      return create(bytes, options);
    }
  } as never;
  try {
    run();
  } finally {
    globalThis.SharedArrayBuffer = RealSharedArrayBuffer;
  }
}

function fixedOnly(bytes: number, options?: object): SharedArrayBuffer {
  if (options !== undefined) throw new RangeError('Array buffer allocation failed');
  return new RealSharedArrayBuffer(bytes);
}

function join(main: HotMetrics, thread: HotMetrics): void {
  thread.onBlock((descriptor) => main.attach(descriptor));
}

test('where address space is short, blocks are of fixed size and one follows the other', async () => {
  const main = createHotMetrics({ threadId: 0 });
  const thread = createHotMetrics({ threadId: 1 });
  withSharedMemory(fixedOnly, () => {
    join(main, thread);
    const instrument = thread.meter('m').histogram('h', { cardinalityLimit: 5000, bucketBoundaries: [1] });
    for (let i = 0; i < 2500; i++) instrument.bind({ i }).record(i);
  });
  expect(thread.descriptor()?.blocks.length).toBeGreaterThan(1);
  expect(thread.descriptor()?.dictionary.growable).toBe(false);
  expect(points(await main.producer().collect(), 'h')).toHaveLength(2500);
});

test('without any memory, binding and recording go on and say what is lost', () => {
  const hot = createHotMetrics();
  const refuse = () => {
    throw new RangeError('Array buffer allocation failed');
  };
  withSharedMemory(refuse, () => {
    const meter = hot.meter('m');
    for (let i = 0; i < 3; i++) {
      meter.counter('c').bind({ i }).add(1);
      meter.gauge('g').bind({ i }).set(1);
      meter
        .histogram('h', { exemplars: true })
        .bind({ i })
        .record(1, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) });
    }
    expect(hot.descriptor()).toBeUndefined();
  });
  expect(hot.statistics()).toMatchObject({ series: 0, overflowed: 9, bytes: 0 });
  expect(said.warnings).toHaveLength(3);
  expect(said.warnings[0]).toBe(
    'counter c: no memory is left for another series: recorded with otel.metric.overflow=true, as all further ones are',
  );
});

test('a block that cannot grow any more is followed by another', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  let isLimited = false;
  const grow = RealSharedArrayBuffer.prototype.grow;
  RealSharedArrayBuffer.prototype.grow = function (bytes) {
    if (isLimited) throw new RangeError('SharedArrayBuffer.prototype.grow: out of memory');
    grow.call(this, bytes);
  };
  try {
    const instrument = hot.meter('m').histogram('h', { cardinalityLimit: 10_000 });
    for (let i = 0; i < 1000; i++) {
      isLimited = i > 500;
      instrument.bind({ i }).record(i);
    }
    expect(points(await reader.collect(), 'h')).toHaveLength(1000);
  } finally {
    RealSharedArrayBuffer.prototype.grow = grow;
  }
});

test('a dictionary that cannot grow sends further sets to the overflow series', async () => {
  const main = createHotMetrics({ threadId: 0 });
  const thread = createHotMetrics({ threadId: 1 });
  join(main, thread);
  const grow = RealSharedArrayBuffer.prototype.grow;
  RealSharedArrayBuffer.prototype.grow = () => {
    throw new RangeError('SharedArrayBuffer.prototype.grow: out of memory');
  };
  try {
    const instrument = thread.meter('m').counter('c');
    instrument.bind({ 'otel.metric.overflow': true });
    for (let i = 0; i < 1000; i++) instrument.bind({ i }).add(1);
  } finally {
    RealSharedArrayBuffer.prototype.grow = grow;
  }
  const reported = points(await main.producer().collect(), 'c');
  expect(reported.length).toBeLessThan(1000);
  expect(reported.reduce((sum, { value }) => sum + value, 0)).toBe(1000);
});

test('a full dictionary sends further sets to the overflow series, and takes no more memory for them', async () => {
  const main = createHotMetrics({ threadId: 0 });
  const reader = main.producer();
  const thread = createHotMetrics({ threadId: 1 });
  join(main, thread);
  const instrument = thread.meter('m').counter('c', { cardinalityLimit: 1_000_000 });
  const padding = 'x'.repeat(8000);
  for (let i = 0; i < 2500; i++) instrument.bind({ [padding]: i }).add(1);
  const { bytes } = thread.statistics();
  for (let i = 2500; i < 5000; i++) instrument.bind({ [padding]: i }).add(1);
  thread.meter('m').histogram('h').bind({ later: true }).record(1);
  expect(thread.statistics().bytes).toBe(bytes);
  expect(bytes).toBeLessThanOrEqual(17 * 1024 * 1024);
  const result = await reader.collect();
  const reported = points(result, 'c');
  expect(reported.length).toBeGreaterThan(2000);
  expect(reported.reduce((sum, { value }) => sum + value, 0)).toBe(5000);
  expect(points(result, 'h')[0]?.attributes).toEqual({ 'otel.metric.overflow': true });
  expect(histogram(result, 'h')?.count).toBe(1);
});

test('a worker that joins late is read from its first series on', async () => {
  const main = createHotMetrics({ threadId: 0 });
  const thread = createHotMetrics({ threadId: 1 });
  for (let i = 0; i < 3000; i++) thread.meter('m').counter('c', { cardinalityLimit: 5000 }).bind({ i }).add(1);
  join(main, thread);
  thread.meter('m').counter('d').bind().add(4);
  const result = await main.producer().collect();
  expect(points(result, 'c')).toHaveLength(3000);
  expect(only(result, 'd')).toBe(4);
});
