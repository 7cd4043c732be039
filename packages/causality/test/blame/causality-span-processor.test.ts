import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import {
  areWaitsRead,
  droppedCounts,
  noteCpuWait,
  noteThreadAmount,
  noteThreadWait,
  noteWait,
  noteWaitOfTrace,
  waitsOf,
} from '@sonde/instrumentation-kit';
import { CausalitySpanProcessor } from '../../src/blame/causality-span-processor.ts';
import { Collecting, World } from './world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});
afterEach(() => world.processor.shutdown());

test('a local root is handed on two turns after its end, all other spans at once', () => {
  const root = world.start('root');
  const child = world.start('child', root.active);
  world.nowMs += 50;
  world.end(child.span);
  world.end(root.span);
  expect(world.next.spans.map(({ name }) => name)).toEqual(['child']);
  world.turn();
  expect(world.isTurning).toBe(true);
  expect(world.next.spans).toHaveLength(1);
  world.turn();
  expect(world.next.spans.map(({ name }) => name)).toEqual(['child', 'root']);
  expect(world.isTurning).toBe(false);
  expect(world.next.started).toBe(2);
});

test('a local root of which nothing is known is handed on as it is', () => {
  const { nowMs } = world;
  noteThreadWait('gc', nowMs - 10, nowMs);
  const { span } = world.start('root');
  world.nowMs += 50;
  world.end(span);
  world.turn();
  world.turn();
  expect(world.next.spans).toEqual([span]);
  expect(world.next.spans[0]).toBe(span);
});

test('what little is known of a local root leaves the rest of it unexplained', () => {
  const { span } = world.start('root');
  noteThreadWait('gc', world.nowMs + 10, world.nowMs + 12);
  world.nowMs += 50;
  world.end(span);
  world.turn();
  world.turn();
  expect(world.blame('root')).toEqual({ gc: 2, unexplained: 48 });
  expect(world.exported('root').attributes['sonde.blame.top']).toBe('unexplained');
  expect(world.exported('root').attributes).not.toHaveProperty('sonde.blame.summary');
});

test('of a local root that is a call itself, what nothing else explains is the time of who was called', () => {
  const { span } = world.start('GET', ROOT_CONTEXT, { kind: SpanKind.CLIENT });
  noteThreadWait('gc', world.nowMs + 10, world.nowMs + 12);
  world.nowMs += 50;
  world.end(span);
  world.turn();
  world.turn();
  expect(world.blame('GET')).toEqual({ gc: 2, child_service: 48, unexplained: 0 });
});

test('a short local root is handed on at once as it is', () => {
  const { span } = world.start('root');
  world.nowMs += 9;
  world.end(span);
  expect(world.next.spans).toEqual([span]);
});

test('the time of a request is split among all that is known of it, also what is told after its end', () => {
  const { nowMs } = world;
  const culprit = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), route: '/slow' };
  const root = world.start('root');
  const { traceId, spanId } = root.span.spanContext();
  const client = world.start('client', root.active, { kind: SpanKind.CLIENT });
  world.nowMs += 100;
  world.end(client.span);
  noteWait('connect', nowMs, nowMs + 20, client.active);
  noteWaitOfTrace(traceId, 'ipc_queue', nowMs + 100, nowMs + 110);
  world.nowMs += 200;
  world.end(root.span);
  noteThreadWait('blocked_loop', nowMs + 120, nowMs + 200, culprit);
  world.turn();
  noteThreadWait('gc', nowMs + 150, nowMs + 160);
  noteThreadWait('blocked_loop', nowMs + 200, nowMs + 240, { traceId, spanId });
  waitsOf(root.span)?.addPassage('ran', nowMs + 240, nowMs + 250);
  world.turn();
  expect(world.blame('root')).toEqual({
    child_service: 80,
    connect: 20,
    ipc_queue: 10,
    blocked_loop: 70,
    gc: 10,
    own_turn: 40,
    busy_loop: 10,
    unexplained: 60,
  });
  const { attributes, links } = world.exported('root');
  expect(attributes).toMatchObject({
    'sonde.blame.top': 'child_service',
    'sonde.blame.summary': 'took 300 ms: 80 ms others working for it, 70 ms behind /slow, 40 ms running itself',
  });
  expect(links).toEqual([
    {
      context: { traceId: culprit.traceId, spanId: culprit.spanId, traceFlags: 0 },
      attributes: { 'sonde.blame.cause': 'blocked_loop', 'sonde.blame.seconds': 0.07, 'http.route': '/slow' },
    },
  ]);
});

test('a turn that waited for a CPU is not a long turn of the request', () => {
  const { nowMs } = world;
  const root = world.start('root');
  world.nowMs += 200;
  world.end(root.span);
  noteThreadWait('blocked_loop', nowMs, nowMs + 200, root.span.spanContext());
  noteCpuWait({
    startMs: nowMs,
    endMs: nowMs + 200,
    waitedMs: 180,
    busyMs: 200,
    ranMs: 20,
    wakes: 1,
    isThrottled: false,
  });
  world.turn();
  world.turn();
  expect(world.blame('root')).toEqual({ cpu: 180, own_turn: 20, unexplained: 0 });
});

test('who ran in a turn is corrected by what is told of it later', () => {
  const { nowMs } = world;
  const other = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), route: '/slow' };
  const root = world.start('root');
  world.nowMs += 100;
  world.end(root.span);
  noteThreadWait('blocked_loop', nowMs, nowMs + 100, root.span.spanContext());
  world.turn();
  noteThreadWait('blocked_loop', nowMs, nowMs + 100, other);
  world.turn();
  expect(world.blame('root')).toEqual({ blocked_loop: 100, unexplained: 0 });
});

test('where nobody was seen at work, it was the only request, unless that was waiting', () => {
  const { nowMs } = world;
  const root = world.start('root');
  const client = world.start('client', root.active, { kind: SpanKind.CLIENT });
  world.nowMs += 42;
  world.end(client.span);
  world.nowMs += 58;
  world.end(root.span);
  const guess = { ...root.span.spanContext(), isGuess: true };
  noteThreadWait('blocked_loop', nowMs + 10, nowMs + 40, guess);
  noteThreadWait('blocked_loop', nowMs + 60, nowMs + 100, guess);
  world.turn();
  world.turn();
  expect(world.blame('root')).toEqual({ child_service: 12, blocked_loop: 30, own_turn: 40, unexplained: 18 });
});

test('a root whose parent is remote is a local root, one below a span of this process is not', () => {
  const remote = { traceId: 'e'.repeat(32), spanId: 'f'.repeat(16), traceFlags: 1, isRemote: true };
  const root = world.start('root', trace.setSpanContext(ROOT_CONTEXT, remote));
  const child = world.start('child', root.active, { kind: SpanKind.SERVER });
  world.collect();
  world.nowMs += 50;
  world.end(child.span);
  world.end(root.span);
  world.turn();
  world.turn();
  expect(world.blame('root')).toEqual({ gc: 1, unexplained: 49 });
  expect(world.blame('child')).toEqual({});
});

test('spans that say when they began and ended are placed by that', () => {
  const { nowMs } = world;
  world.nowMs += 500;
  const startTime = new Date(nowMs + 100);
  const span = world.tracer.startSpan('root', { startTime }, ROOT_CONTEXT);
  noteThreadWait('gc', nowMs + 150, nowMs + 154);
  noteThreadWait('gc', nowMs + 350, nowMs + 354);
  span.end(new Date(nowMs + 300));
  world.turn();
  world.turn();
  expect(world.blame('root')).toEqual({ gc: 4, unexplained: 196 });
});

test('of ten thousand open roots each is told its own, and those that never end hold nothing up', async () => {
  await world.processor.shutdown();
  world = new World({ maxHeld: 5000 });
  const roots = Array.from({ length: 10_000 }, (_, index) => world.start(`root ${index}`));
  const { nowMs } = world;
  for (const [index, { active }] of roots.entries()) noteWait('filesystem', nowMs, nowMs + 1 + (index % 50), active);
  world.nowMs += 100;
  const ended = roots.filter((_, index) => index % 2 === 0);
  for (const { span } of ended) world.end(span);
  world.turn();
  world.turn();
  expect(world.next.spans).toHaveLength(5000);
  for (const index of [0, 2, 4998, 9998]) {
    expect(world.blame(`root ${index}`)).toEqual({ filesystem: 1 + (index % 50), unexplained: 99 - (index % 50) });
  }
});

test('of what is held no more is kept than may be: others go as they are, counted', async () => {
  await world.processor.shutdown();
  world = new World({ maxHeld: 16 });
  const before = droppedCounts().get('causality.held') ?? 0;
  for (let index = 0; index < 100; index++) {
    const { span } = world.start(`root ${index}`);
    world.collect();
    world.nowMs += 20;
    world.end(span);
  }
  expect(world.next.spans).toHaveLength(84);
  expect(world.blame('root 16')).toEqual({});
  world.turn();
  world.turn();
  expect(world.next.spans).toHaveLength(100);
  for (const index of [0, 15]) expect(world.blame(`root ${index}`)).toEqual({ gc: 1, unexplained: 19 });
  expect((droppedCounts().get('causality.held') ?? 0) - before).toBe(84);
  const { span } = world.start('later');
  world.collect();
  world.nowMs += 20;
  world.end(span);
  world.turn();
  world.turn();
  expect(world.blame('later')).toEqual({ gc: 1, unexplained: 19 });
});

test('many that end together are told over several turns, in order, and all at once when they are asked for', async () => {
  await world.processor.shutdown();
  const next = new Collecting();
  world = new World({ next });
  const roots = Array.from({ length: 300 }, (_, index) => world.start(`root ${index}`));
  world.collect();
  world.nowMs += 20;
  for (const { span } of roots) world.end(span);
  next.onEnd = function slow(span): void {
    world.nowMs += 0.1;
    Collecting.prototype.onEnd.call(this, span);
  };
  world.turn();
  world.turn();
  expect(next.spans).toHaveLength(48);
  expect(world.isTurning).toBe(true);
  world.turn();
  expect(next.spans).toHaveLength(96);
  await world.processor.forceFlush();
  expect(next.spans.map(({ name }) => name)).toEqual(roots.map((_, index) => `root ${index}`));
  expect(next.spans.at(-1)?.attributes['sonde.blame.gc']).toBeCloseTo(0.001);
  world.turn();
  expect(world.isTurning).toBe(false);
});

test('forceFlush hands everything on at once, and has the next processor flush', async () => {
  const { span } = world.start('root');
  world.collect();
  world.nowMs += 50;
  world.end(span);
  const flushed = world.processor.forceFlush();
  expect(world.blame('root')).toEqual({ gc: 1, unexplained: 49 });
  await flushed;
  expect(world.next.flushed).toBe(1);
});

test('shutdown hands everything on, ends the reading of waits and lets later spans pass', async () => {
  const early = world.start('early');
  const late = world.start('late');
  world.collect();
  world.nowMs += 50;
  world.end(early.span);
  await world.processor.shutdown();
  world.end(late.span);
  expect(world.blame('early')).toEqual({ gc: 1, unexplained: 49 });
  expect(world.next.spans.map(({ name }) => name)).toEqual(['early', 'late']);
  expect(world.next.isShut).toBe(true);
  expect(areWaitsRead()).toBe(false);
  await world.processor.shutdown();
});

test('when the process ends, what is held goes on', async () => {
  const before = new Set(process.listeners('exit'));
  const added = () => process.listeners('exit').filter((listener) => !before.has(listener));
  const { span } = world.start('root');
  world.collect();
  world.nowMs += 50;
  expect(added()).toEqual([]);
  world.end(span);
  for (const onExit of added()) onExit(0);
  expect(world.blame('root')).toEqual({ gc: 1, unexplained: 49 });
  await world.processor.shutdown();
  expect(added()).toEqual([]);
});

test('marks that other stages put on a span go with it, and what exporters read stays', () => {
  const mark = Symbol('mark');
  const { span } = world.start('root', ROOT_CONTEXT, { attributes: { own: 1 } });
  Object.assign(span, { [mark]: 'kept' });
  span.addEvent('event');
  world.collect();
  world.nowMs += 50;
  world.end(span);
  world.turn();
  world.turn();
  const exported = world.exported('root') as unknown as Record<string | symbol, unknown>;
  expect(exported[mark]).toBe('kept');
  expect(exported).not.toBe(span);
  expect(exported).toMatchObject({ name: 'root', ended: true, attributes: { own: 1 }, events: [{ name: 'event' }] });
  expect(exported.endTime).toEqual((span as unknown as { endTime: unknown }).endTime);
  expect(span).toMatchObject({ attributes: { own: 1 } });
});

test('a next that throws harms nobody, and the spans after it are told all the same', async () => {
  await world.processor.shutdown();
  class Throwing extends Collecting {
    override onStart(): void {
      throw new Error('start');
    }
    override onEnd(span: object): void {
      super.onEnd(span);
      throw new Error('end');
    }
  }
  const next = new Throwing();
  world = new World({ next });
  for (const name of ['first', 'second']) {
    const { span } = world.start(name);
    world.collect();
    world.nowMs += 50;
    world.end(span);
  }
  world.turn();
  world.turn();
  expect(next.spans.map(({ attributes }) => attributes['sonde.blame.unexplained'])).toEqual([0.049, 0.049]);
});

test('a next that cannot be shut down is told so, and waits are read no longer', async () => {
  await world.processor.shutdown();
  const next = new Collecting();
  next.shutdown = () => Promise.reject(new Error('disk full'));
  world = new World({ next });
  await expect(world.processor.shutdown()).rejects.toThrow('disk full');
  expect(areWaitsRead()).toBe(false);
  world = new World();
});

test('notes of nonsense harm nobody', () => {
  const { nowMs } = world;
  const root = world.start('root');
  const times = [Number.NaN, Number.NEGATIVE_INFINITY, nowMs - 10, nowMs + 5, nowMs + 1e8, 1e300];
  for (const start of times) {
    for (const end of times) {
      noteWait('pool', start, end, root.active);
      noteThreadWait('gc', start, end, { traceId: null, spanId: 7, route: {} } as never);
      noteThreadAmount('busy_loop', start, end, end);
      noteCpuWait({
        startMs: start,
        endMs: end,
        waitedMs: start,
        busyMs: end,
        ranMs: start,
        wakes: end,
        isThrottled: false,
      });
    }
  }
  world.nowMs += 50;
  world.end(root.span);
  world.turn();
  world.turn();
  const values = Object.values(world.blame('root'));
  expect(values.every((ms) => ms >= 0)).toBe(true);
  expect(values.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(50);
});

test('a span that cannot be marked or read is handed on', () => {
  const frozen = Object.freeze(
    trace.wrapSpanContext({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
  );
  world.processor.onStart(frozen, ROOT_CONTEXT);
  world.processor.onEnd(frozen);
  world.processor.onStart(null as never, ROOT_CONTEXT);
  world.processor.onEnd({});
  expect(world.next.spans).toHaveLength(2);
});

test('of two of them in a row the first tells, and both hand on', async () => {
  const outer = new CausalitySpanProcessor({ next: world.processor, minDurationMs: 0 });
  const { span } = world.start('root');
  outer.onStart(span, ROOT_CONTEXT);
  world.nowMs += 50;
  world.end(span);
  outer.onEnd(world.tracer.startSpan('other'));
  await outer.shutdown();
  expect(world.next.spans.map(({ name }) => name).sort()).toEqual(['other', 'root']);
  expect(world.next.isShut).toBe(true);
});

test.each([
  [{}, /next must be a SpanProcessor, got undefined/],
  [{ next: {} }, /next must be a SpanProcessor/],
  [{ next: new Collecting(), minDurationMs: -1 }, /minDurationMs must be a number from 0 to 600000, got -1/],
  [{ next: new Collecting(), minDurationMs: 600_001 }, /minDurationMs/],
  [{ next: new Collecting(), minDurationMs: '5' }, /minDurationMs .* got '5'/],
  [{ next: new Collecting(), maxHeld: 0 }, /maxHeld must be an integer from 1/],
  [{ next: new Collecting(), maxHeld: 1.5 }, /maxHeld must be an integer/],
  [{ next: new Collecting(), maxLinks: 129 }, /maxLinks must be an integer from 0 to 128/],
  [{ next: new Collecting(), maxLink: 1 }, /"maxLink" is not an option/],
])('a bad option is refused at construction: %#', (config, message) => {
  expect(() => new CausalitySpanProcessor(config as never)).toThrow(message);
});

test('the last good values of the options are taken', async () => {
  const next = new Collecting();
  for (const config of [
    { minDurationMs: 0, maxHeld: 1, maxLinks: 0 },
    { minDurationMs: 600_000, maxHeld: 1e6, maxLinks: 128 },
  ]) {
    await new CausalitySpanProcessor({ next, ...config }).shutdown();
  }
  expect(next.isShut).toBe(true);
});
