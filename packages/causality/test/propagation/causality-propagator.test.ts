import {
  type Context,
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import {
  CompositePropagator,
  suppressTracing,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { B3Propagator } from '@opentelemetry/propagator-b3';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import {
  eventStream,
  formatTimestamp,
  HybridLogicalClock,
  parseTimestamp,
  timestampToBigInt,
} from '@sonde/event-stream';
import { hotMetrics } from '@sonde/hot-metrics';
import { droppedCounts, sentIn } from '@sonde/instrumentation-kit';
import fc from 'fast-check';
import { CausalityPropagator } from '../../src/propagation/causality-propagator.ts';
import { runs } from '../seed.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const MEMBER = /^[0-9a-f]{16};69203331$/;

type Headers = Record<string, unknown>;

function createClock(nowMs = 1_700_000_000_000): HybridLogicalClock {
  return new HybridLogicalClock({ now: () => 0, timeOriginMs: nowMs, maxDriftMs: 500 });
}

const w3c = new W3CTraceContextPropagator();
const propagatorOf = (propagator: TextMapPropagator = w3c, clock = createClock()): CausalityPropagator =>
  new CausalityPropagator({ propagator, clock });

function contextOf(state?: string): Context {
  const spanContext: SpanContext = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

function injected(propagator: TextMapPropagator, active: Context, carrier: Headers = {}): Headers {
  propagator.inject(active, carrier, defaultTextMapSetter);
  return carrier;
}

const stateIn = (received: Context): string | undefined => trace.getSpanContext(received)?.traceState?.serialize();

describe('inject', () => {
  it('puts the timestamp in front of the members of others', () => {
    const { traceparent, tracestate } = injected(propagatorOf(), contextOf('ot=th:8;rv:0123456789abcd,vendor=1'));
    expect(traceparent).toBe(PARENT);
    const [first, ...others] = String(tracestate).split(',');
    expect(first?.slice(0, 6)).toBe('sonde=');
    expect(first?.slice(6)).toMatch(MEMBER);
    expect(others).toEqual(['ot=th:8;rv:0123456789abcd', 'vendor=1']);
  });

  it('sends a later timestamp each time, and never two in one tracestate', () => {
    const propagator = propagatorOf();
    const carrier: Headers = {};
    const stamps = Array.from({ length: 5 }, () => String(injected(propagator, contextOf('a=1'), carrier).tracestate));
    expect([...stamps].sort()).toEqual(stamps);
    expect(new Set(stamps).size).toBe(5);
    for (const state of stamps) expect(state.match(/sonde=/g)).toHaveLength(1);
  });

  it('replaces a member that somebody put into the span context by hand', () => {
    const { tracestate } = injected(propagatorOf(), contextOf('a=1,sonde=foreign'));
    expect(tracestate).toMatch(/^sonde=[0-9a-f]{16};69203331,a=1$/);
  });

  it('writes a tracestate where there was none', () => {
    expect(injected(propagatorOf(), contextOf()).tracestate).toMatch(/^sonde=[0-9a-f]{16};69203331$/);
  });

  it('vouches for no span when the context has itself been received', () => {
    const propagator = propagatorOf();
    const received = propagator.extract(ROOT_CONTEXT, injected(propagator, contextOf()), defaultTextMapGetter);
    const relayed = injected(propagator, received);
    expect(relayed.tracestate).toMatch(/^sonde=[0-9a-f]{16}$/);
    const further = propagator.extract(ROOT_CONTEXT, relayed, defaultTextMapGetter);
    expect(sentIn(further)).toBeUndefined();
    expect(trace.getSpanContext(further)?.spanId).toBe('b7ad6b7169203331');
    expect(stateIn(further) ?? '').toBe('');
  });

  it.each([
    ['without a trace', ROOT_CONTEXT, w3c],
    ['with tracing suppressed', suppressTracing(contextOf()), w3c],
    ['with b3 alone', contextOf('a=1'), new B3Propagator()],
    ['with baggage alone', contextOf('a=1'), new W3CBaggagePropagator()],
  ])('carries nothing %s', (_how, active, inner) => {
    const clock = createClock();
    expect(JSON.stringify(injected(propagatorOf(inner, clock), active))).not.toContain('sonde');
    expect(clock.physicalMs).toBe(createClock().physicalMs);
  });

  it('leaves the tracestate alone when it is full, and counts that', () => {
    const full = Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(',');
    const { tracestate } = injected(propagatorOf(), contextOf(full));
    expect(tracestate).toBe(full);
    const replaced = injected(
      propagatorOf(),
      contextOf(`${full.slice(0, full.lastIndexOf(','))},sonde=old`),
    ).tracestate;
    expect(String(replaced).split(',')).toHaveLength(32);
    expect(replaced).not.toContain('old');
  });

  it('keeps to the case and the kind of carrier that the setter has', () => {
    const rawHeaders: string[] = [];
    propagatorOf().inject(contextOf('a=1'), rawHeaders, {
      set: (carrier: string[], key, value) => carrier.push(key.toUpperCase(), value),
    });
    expect(rawHeaders.slice(0, 3)).toEqual(['TRACEPARENT', PARENT, 'TRACESTATE']);
    const capital: TextMapPropagator = {
      inject(active, carrier, setter) {
        w3c.inject(active, carrier, {
          set: (to, key, value) => setter.set(to, key[0]?.toUpperCase() + key.slice(1), value),
        });
      },
      extract: (active) => active,
      fields: () => ['Traceparent', 'Tracestate'],
    };
    expect(injected(propagatorOf(capital), contextOf('a=1')).Tracestate).toMatch(/^sonde=[0-9a-f]{16};69203331,a=1$/);
  });
});

describe('extract', () => {
  it('gives the timestamp to the clock, and shows it to nobody else', () => {
    const [near, far] = [createClock(), createClock(1_700_000_000_400)];
    const carrier = injected(propagatorOf(w3c, far), contextOf('ot=th:8,vendor=1'));
    const received = propagatorOf(w3c, near).extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    expect(stateIn(received)).toBe('ot=th:8,vendor=1');
    const sent = parseTimestamp(String(carrier.tracestate).slice(6, 22));
    expect(sentIn(received)).toEqual(sent);
    expect(timestampToBigInt(near.send())).toBeGreaterThan(timestampToBigInt(sent ?? { high: 0, low: 0 }));
  });

  it('does not take the timestamp for that of a span in between, whose service has passed the member on', () => {
    const carrier = injected(propagatorOf(), contextOf());
    const traceparent = PARENT.replace('b7ad6b7169203331', '00f067aa0ba902b7');
    const received = propagatorOf().extract(ROOT_CONTEXT, { ...carrier, traceparent }, defaultTextMapGetter);
    expect(trace.getSpanContext(received)?.spanId).toBe('00f067aa0ba902b7');
    expect(sentIn(received)).toBeUndefined();
  });

  it('is in no exported span, through any number of services', () => {
    const exporter = new InMemorySpanExporter();
    const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('test');
    let carrier: Headers = { traceparent: PARENT, tracestate: 'vendor=1' };
    for (let hop = 0; hop < 5; hop += 1) {
      const propagator = propagatorOf(new CompositePropagator({ propagators: [w3c, new W3CBaggagePropagator()] }));
      const received = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
      const span = tracer.startSpan(`hop ${hop}`, {}, received);
      carrier = injected(propagator, trace.setSpan(received, span));
      span.end();
    }
    const spans = exporter.getFinishedSpans();
    expect(spans.map((span) => span.spanContext().traceState?.serialize())).toEqual(new Array(5).fill('vendor=1'));
    expect(spans.map((span) => span.parentSpanContext?.traceState?.serialize())).toEqual(new Array(5).fill('vendor=1'));
    expect(JSON.stringify(spans.map(({ attributes, links }) => ({ attributes, links })))).not.toContain('sonde');
    expect(carrier.tracestate).toMatch(/^sonde=[0-9a-f]{16};[0-9a-f]{8},vendor=1$/);
  });

  const stamp = formatTimestamp(createClock(1_700_000_000_300).send());

  it.each([
    ['a list of lines', [`a=1,sonde=${stamp}`, 'b=2'], 'a=1,b=2'],
    ['lines each with one', [`sonde=${stamp}`, `sonde=${stamp},b=2`], 'b=2'],
    ['spaces around members', ` a=1 , sonde=${stamp} , b=2`, 'a=1,b=2'],
    ['nothing but ours', `sonde=${stamp}`, ''],
  ])('takes it out of %s', (_what, tracestate, rest) => {
    const clock = createClock();
    const received = propagatorOf(w3c, clock).extract(
      ROOT_CONTEXT,
      { traceparent: [PARENT], tracestate },
      defaultTextMapGetter,
    );
    expect(stateIn(received) ?? '').toBe(rest);
    expect(clock.physicalMs).toBe(1_700_000_000_300);
  });

  it('reads through a getter that knows other names', () => {
    const getter: TextMapGetter<Headers> = {
      get: (carrier, key) => carrier[key.toUpperCase()] as string,
      keys: (carrier) => Object.keys(carrier),
    };
    const clock = createClock();
    const carrier = { TRACEPARENT: PARENT, TRACESTATE: `sonde=${stamp},a=1` };
    expect(stateIn(propagatorOf(w3c, clock).extract(ROOT_CONTEXT, carrier, getter))).toBe('a=1');
    expect(clock.physicalMs).toBe(1_700_000_000_300);
  });

  it.each(['', 'now', 'f'.repeat(16), '0'.repeat(15), stamp.toUpperCase().replace(/\d/g, 'A'), `${stamp}x`, '\u0000'])(
    'refuses the timestamp %j and counts it, and the trace goes on',
    (timestamp) => {
      const clock = createClock();
      const carrier = { traceparent: PARENT, tracestate: `sonde=${timestamp},a=1` };
      const received = propagatorOf(w3c, clock).extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
      expect(trace.getSpanContext(received)?.spanId).toBe('b7ad6b7169203331');
      expect(stateIn(received)).toBe('a=1');
      expect([clock.rejected, sentIn(received)]).toEqual([1, undefined]);
    },
  );

  it('takes a timestamp as far ahead as the drift allows, and none further', () => {
    const clock = createClock();
    const extractAt = (aheadMs: number): void => {
      const tracestate = `sonde=${formatTimestamp(createClock(1_700_000_000_000 + aheadMs).send())}`;
      propagatorOf(w3c, clock).extract(ROOT_CONTEXT, { traceparent: PARENT, tracestate }, defaultTextMapGetter);
    };
    extractAt(501);
    expect([clock.rejected, clock.physicalMs]).toEqual([1, createClock().physicalMs]);
    extractAt(500);
    expect([clock.rejected, clock.physicalMs]).toEqual([1, 1_700_000_000_500]);
  });

  it.each([
    ['is none', undefined],
    ['is malformed', '00-xyz-01'],
  ])('counts a tracestate as absent when the traceparent %s', (_how, traceparent) => {
    const clock = createClock();
    propagatorOf(w3c, clock).extract(
      contextOf('a=1'),
      { traceparent, tracestate: `sonde=${stamp}` },
      defaultTextMapGetter,
    );
    expect([clock.rejected, clock.physicalMs]).toEqual([0, createClock().physicalMs]);
  });

  it.each([
    null,
    undefined,
    7,
    {},
    [],
    { traceparent: PARENT, tracestate: 5 },
    { traceparent: PARENT, tracestate: [5] },
  ])('does not throw for the carrier %p', (carrier) => {
    const getter = { get: (from: Headers | null, key: string) => from?.[key] as string, keys: () => [] };
    expect(() => propagatorOf().extract(ROOT_CONTEXT, carrier, getter)).not.toThrow();
  });
});

test('whatever a tracestate holds, ours never reaches a span context, and goes out once, beside all that others wrote', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'sonde=',
      'sonde=0197a3c5d1e80003',
      'ot=th:8;rv:0123456789abcd',
      ',',
      ' ',
      '=',
      ';',
      'sonde',
      'a=1',
    ),
    fc.string({ maxLength: 8 }),
  );
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(','));
  fc.assert(
    fc.property(fc.oneof(line, fc.array(line, { maxLength: 3 })), (tracestate) => {
      const ours = propagatorOf().extract(ROOT_CONTEXT, { traceparent: PARENT, tracestate }, defaultTextMapGetter);
      const plain = w3c.extract(ROOT_CONTEXT, { traceparent: PARENT, tracestate }, defaultTextMapGetter);
      const others = trace.getSpanContext(plain)?.traceState?.unset('sonde').serialize() ?? '';
      expect(stateIn(ours) ?? '').toBe(others);
      const out = String(injected(propagatorOf(), ours).tracestate);
      expect(out.replace(/^sonde=[0-9a-f]{16},?/, '')).toBe(others);
    }),
    runs(500),
  );
});

describe('a propagator that fails', () => {
  const fail = (): never => {
    throw new Error('foreign');
  };
  const broken: TextMapPropagator = { inject: fail, extract: fail, fields: fail };

  it('costs the trace and not the message, and is counted', () => {
    const propagator = propagatorOf(broken);
    const active = contextOf();
    const before = droppedCounts().get('causality.extract') ?? 0;
    expect(propagator.extract(active, {}, defaultTextMapGetter)).toBe(active);
    expect(injected(propagator, active)).toEqual({});
    expect(propagator.fields()).toEqual([]);
    expect(droppedCounts().get('causality.extract')).toBe(before + 1);
  });
});

test('fields are those of the inner propagator, with the tracestate', () => {
  expect(propagatorOf().fields()).toEqual(['traceparent', 'tracestate']);
  expect(propagatorOf(new B3Propagator()).fields()).toEqual(['b3']);
});

test('without a clock it goes by that of the event stream', () => {
  const { tracestate } = injected(new CausalityPropagator({ propagator: w3c }), contextOf());
  const sent = parseTimestamp(String(tracestate).slice(6, 22));
  expect(
    timestampToBigInt(eventStream().clock.send()) - timestampToBigInt(sent ?? { high: 0, low: 0 }),
  ).toBeGreaterThan(0n);
});

test('what was received, refused and left out is counted in metrics', async () => {
  const producer = hotMetrics().producer();
  const totals = async (): Promise<Record<string, number>> => {
    const { resourceMetrics } = await producer.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const points = metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [`${descriptor.name} ${Object.values(attributes).join()}`, value]),
    );
    return Object.fromEntries(points) as Record<string, number>;
  };
  const before = await totals();
  const propagator = propagatorOf();
  const full = Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(',');
  injected(propagator, contextOf(full));
  for (const timestamp of ['bad', formatTimestamp(createClock().send())]) {
    propagator.extract(ROOT_CONTEXT, { traceparent: PARENT, tracestate: `sonde=${timestamp}` }, defaultTextMapGetter);
  }
  const after = await totals();
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  expect(grown('sonde.causality.timestamps.received accepted')).toBe(1);
  expect(grown('sonde.causality.timestamps.received refused')).toBe(1);
  expect(grown('sonde.causality.timestamps.omitted ')).toBe(1);
});

test.each([undefined, null, {}, { inject: () => {} }, 'tracecontext'])('%p is no propagator', (propagator) => {
  expect(() => new CausalityPropagator({ propagator: propagator as unknown as TextMapPropagator })).toThrow(
    /^CausalityPropagator: propagator must be a TextMapPropagator, got /,
  );
});

test('an option that is none is refused', () => {
  const config = { propagator: w3c, propagators: [w3c] };
  expect(() => new CausalityPropagator(config)).toThrow('there are propagator, clock');
  const clock = 5 as never;
  expect(() => new CausalityPropagator({ ...config, clock })).toThrow();
});
