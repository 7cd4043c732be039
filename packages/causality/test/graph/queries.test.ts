import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { createEventStream, type EventRecord, eventStream } from '@sonde/event-stream';
import {
  ancestors,
  CausalGraph,
  causalTrace,
  descendants,
  emitCausal,
  emitInChain,
  happenedBefore,
  type Order,
  runInChain,
  TELEMETRY,
  timeline,
} from '../../src/index.ts';
import { definitionOf, lastEvent } from '../fixtures/events.ts';
import { type Action, Simulation } from '../fixtures/simulation.ts';
import { startTracing } from '../fixtures/tracing.ts';

const tracing = startTracing();
const tracer = trace.getTracer('queries.test');
afterAll(() => tracing.stop());

function emit(name: string): EventRecord {
  emitCausal(definitionOf(`test.${name}`));
  return lastEvent(`test.${name}`);
}
const namesOf = (records: readonly EventRecord[]): string[] =>
  records.map(({ name, labels }) => labels['sonde.span.name'] ?? name);

/** A request with a database call inside. */
function serve(): { readonly traceId: string; readonly rootId: string; readonly childId: string } {
  return tracer.startActiveSpan('GET /orders', { kind: SpanKind.SERVER }, (root) => {
    emit('received');
    const childId = tracer.startActiveSpan('SELECT', { kind: SpanKind.CLIENT }, (child) => {
      emit('queried');
      child.end();
      return child.spanContext().spanId;
    });
    emit('answered');
    root.end();
    const { traceId, spanId: rootId } = root.spanContext();
    return { traceId, rootId, childId };
  });
}

describe('a trace', () => {
  it('is a tree of spans with the events in them, without anybody having collected it', () => {
    const { traceId, rootId, childId } = serve();
    const { id, roots, spans } = causalTrace(traceId);
    expect(id).toBe(traceId);
    expect(spans).toHaveLength(2);
    const [root] = roots;
    expect(roots).toHaveLength(1);
    expect(root).toMatchObject({ name: 'GET /orders', kind: 'server', spanId: rootId, parentSpanId: '' });
    expect(namesOf(root?.events ?? [])).toEqual(['test.received', 'test.answered']);
    expect(root?.duration).toBeGreaterThan(0);
    expect(root?.children).toEqual([
      expect.objectContaining({ name: 'SELECT', kind: 'client', spanId: childId, parentSpanId: rootId }),
    ]);
    expect(namesOf(root?.children[0]?.events ?? [])).toEqual(['test.queried']);
  });

  it('has a root where records say that spans are their own ancestors, and can be written as JSON', () => {
    const stream = createEventStream({ pid: 1, threadId: 1 });
    const traceId = '7'.repeat(32);
    const ids = ['1', '2', '3'].map((digit) => digit.repeat(16));
    const started = stream.event(TELEMETRY.events.spanStarted);
    ids.forEach((spanId, n) => {
      const parent = Number.parseInt((ids[(n + 1) % 3] as string).slice(8), 16);
      started.emit(undefined, parent, parent, stream.context(traceId, spanId));
    });
    const { roots, spans } = causalTrace(traceId, { stream });
    expect(spans).toHaveLength(3);
    expect(roots.map(({ spanId }) => spanId)).toEqual([ids[0]]);
    expect(roots[0]?.children[0]?.children).toHaveLength(1);
    const noBigInt = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
    expect(() => JSON.stringify(roots, noBigInt)).not.toThrow();
  });

  it('shows open spans, and what was emitted in spans that are not recorded', () => {
    tracer.startActiveSpan('open', (span) => {
      const { traceId, spanId } = span.spanContext();
      const unrecorded = { traceId, spanId: 'b7ad6b7169203331', traceFlags: 0 };
      context.with(trace.setSpanContext(ROOT_CONTEXT, unrecorded), () => emit('inside'));
      const { spans } = causalTrace(traceId);
      expect(spans.find((one) => one.spanId === spanId)).toMatchObject({ end: undefined, duration: Number.NaN });
      expect(spans.find((one) => one.spanId === unrecorded.spanId)).toMatchObject({
        start: undefined,
        name: '',
        kind: '',
      });
      span.end();
    });
  });

  it('that nobody knows is empty', () => {
    for (const name of ['0af7651916cd43dd8448eb211c80319c', 'order-unknown', '', undefined as never]) {
      expect(causalTrace(name)).toMatchObject({ roots: [], spans: [] });
      expect(timeline(name)).toEqual([]);
      expect(ancestors(name)).toEqual([]);
      expect(descendants(name)).toEqual([]);
    }
    expect([causalTrace({} as never).spans, timeline({} as never)]).toEqual([[], []]);
  });
});

describe('a chain', () => {
  it('has its stays and what was emitted into it by name, and the spans that follow from it', () => {
    const before = tracer.startActiveSpan('GET /start', (span) => {
      runInChain('order-1', () => {
        emit('paid');
        runInChain('order-1', () => emit('packed'));
      });
      span.end();
      return span.spanContext();
    });
    emitInChain(definitionOf('test.shipped'), 'order-1');
    const { spans } = causalTrace('order-1');
    expect(spans.map(({ kind }) => kind)).toEqual(['chain', 'chain', '']);
    expect(spans.flatMap(({ events }) => namesOf(events))).toEqual(['test.paid', 'test.packed', 'test.shipped']);
    expect(spans[0]?.links).toEqual([{ traceId: before.traceId, spanId: before.spanId }]);
    expect(namesOf(ancestors('order-1'))).toEqual(['GET /start']);
    expect(namesOf(descendants(before.traceId))).toEqual([
      'sonde.chain.entered',
      'test.paid',
      'sonde.chain.entered',
      'test.packed',
    ]);
  });
});

describe('a timeline', () => {
  it('has the moments of a trace by the hybrid clock, and says what each is', () => {
    const { traceId } = serve();
    const moments = timeline(traceId);
    expect(moments.map(({ what, name }) => `${what} ${name}`)).toEqual([
      'span_start GET /orders',
      'event test.received',
      'span_start SELECT',
      'event test.queried',
      'span_end SELECT',
      'event test.answered',
      'span_end GET /orders',
    ]);
    const hlcs = moments.map(({ hlc }) => hlc);
    expect([...hlcs].sort((a, b) => (a < b ? -1 : 1))).toEqual(hlcs);
  });

  it('merges the threads', () => {
    const stream = createEventStream({ threadId: 1, pid: 1 });
    const worker = createEventStream({ threadId: 2, pid: 1 });
    stream.attach(worker.descriptor());
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    for (const from of [stream, worker, stream, worker]) {
      const place = from.context(traceId, 'b7ad6b7169203331');
      from.event(definitionOf('test.turn')).emit(undefined, 0, 0, place);
      worker.clock.receive(stream.clock.send());
      stream.clock.receive(worker.clock.send());
    }
    worker.flush();
    expect(timeline(traceId, { stream }).map(({ threadId }) => threadId)).toEqual([1, 2, 1, 2]);
  });
});

describe('ancestors and descendants', () => {
  it('of an event: what came before and after it in its span, and above and below', () => {
    const { traceId } = serve();
    const queried = lastEvent('test.queried');
    expect(namesOf(ancestors(queried))).toEqual(['GET /orders', 'test.received', 'SELECT']);
    expect(namesOf(descendants(lastEvent('test.received')))).toEqual([
      'SELECT',
      'test.queried',
      'SELECT',
      'test.answered',
      'GET /orders',
    ]);
    expect(namesOf(descendants(queried))).toEqual(['SELECT']);
    expect([...ancestors(queried), ...descendants(queried)].every((record) => record.traceId === traceId)).toBe(true);
  });

  it('of a span: those of its start', () => {
    const { rootId, childId } = serve();
    expect(namesOf(ancestors(childId))).toEqual(['GET /orders', 'test.received']);
    expect(ancestors(rootId)).toEqual([]);
    expect(namesOf(descendants(childId))).toEqual(['test.queried', 'SELECT']);
  });

  it('of another request that ran in between are not among them', () => {
    const first = tracer.startSpan('first');
    context.with(trace.setSpan(ROOT_CONTEXT, first), () => emit('one'));
    serve();
    context.with(trace.setSpan(ROOT_CONTEXT, first), () => emit('two'));
    expect(namesOf(ancestors(lastEvent('test.two')))).toEqual(['first', 'test.one']);
  });

  it('are looked for among the newest records only', () => {
    serve();
    expect(ancestors(lastEvent('test.answered'), { limit: 2 })).toEqual([]);
  });
});

describe('the order of two events', () => {
  it('is that of the thread, within one', () => {
    const [a, b] = [emit('a'), emit('b')];
    expect([happenedBefore(a, b), happenedBefore(b, a), happenedBefore(a, a)]).toEqual(['before', 'after', 'same']);
  });

  it('between threads is unknown without an edge, and known along one, up to when the message was sent', () => {
    const simulation = new Simulation([0, 300]);
    const step = (process: number, action: Action): void =>
      simulation.step({ process, action, pick: 1, passMs: 1, jumpMs: 0 });
    step(0, 'root');
    step(0, 'event');
    step(0, 'send');
    step(0, 'event');
    step(1, 'event');
    step(1, 'receive');
    const records = simulation.records().map(({ record }) => record);
    const [root, sent, later, early, , received] = records as EventRecord[];
    const orderOf = (a?: EventRecord, b?: EventRecord): Order | undefined =>
      a && b && new CausalGraph(records).happenedBefore(a, b);
    expect([orderOf(root, received), orderOf(sent, received), orderOf(received, sent)]).toEqual([
      'before',
      'before',
      'after',
    ]);
    expect([orderOf(later, received), orderOf(early, root), orderOf(sent, early)]).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
  });
});

test('hostile records are read as far as they make sense', () => {
  const own = lastEvent('sonde.span.started');
  const parentOf = (digit: string): Partial<EventRecord> => ({
    value: Number.parseInt(digit.repeat(8), 16),
    detail: Number.parseInt(digit.repeat(8), 16),
  });
  const self = { ...own, ...parentOf('a'), spanId: 'a'.repeat(16) };
  const [left, right] = ['b', 'c'].map((digit, i) => ({
    ...own,
    hlc: own.hlc + BigInt(i),
    threadId: i,
    spanId: digit.repeat(16),
    ...parentOf(digit === 'b' ? 'c' : 'b'),
    text: `sent:ffffffffffffffff link:${own.traceId}-${'a'.repeat(16)}`,
  }));
  const records = [self, left, right].filter((record) => record !== undefined);
  const graph = new CausalGraph(records);
  expect(graph.trace(own.traceId).spans).toHaveLength(3);
  for (const record of records) {
    expect(() => [graph.ancestors(record), graph.descendants(record)]).not.toThrow();
    for (const other of records) expect(() => graph.happenedBefore(record, other)).not.toThrow();
  }
  expect(eventStream().clock.rejected).toBe(0);
});
