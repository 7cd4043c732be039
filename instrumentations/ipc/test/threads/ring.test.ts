import { type Baggage, type Context, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { createEventStream } from '@sonde/event-stream';
import { readWaits, WAITS } from '@sonde/instrumentation-kit';
import fc from 'fast-check';
import { accountIn, type Peer, withAccount } from '../../src/account.ts';
import type { Received } from '../../src/channels.ts';
import { TakenUp } from '../../src/taken-up.ts';
import { messageKind } from '../../src/threads/message-kind.ts';
import {
  beginRing,
  GUARD_SLOTS,
  limitStep,
  MAX_PORTS_BYTES,
  PORT_RING,
  type Ring,
  type RingSize,
  ringAt,
  ringBytes,
} from '../../src/threads/ring-layout.ts';
import { RingReader } from '../../src/threads/ring-reader.ts';
import { RingWriter } from '../../src/threads/ring-writer.ts';
import { runs } from '../seed.ts';

const SMALL: RingSize = { slots: 16, textBytes: 1024 };
const peerOf = (isDown: boolean): Peer => ({ isDown, takenUp: new TakenUp() });
let peer = peerOf(false);
beforeEach(() => {
  peer = peerOf(false);
});

function world(size = SMALL, before = 0): { writer: RingWriter; reader: RingReader; ring: Ring } {
  const ring = ringAt(new SharedArrayBuffer(ringBytes(size)), 0, size);
  beginRing(ring, before);
  const clock = (): ReturnType<typeof createEventStream>['clock'] => createEventStream({ now: () => 1000 }).clock;
  return {
    writer: new RingWriter(ring, clock(), peer),
    reader: new RingReader(ring, clock(), { peer, taken: before }),
    ring,
  };
}

function spanContextOf(n: number, state = ''): SpanContext {
  return {
    traceId: (n + 1).toString(16).padStart(32, 'a'),
    spanId: (n + 1).toString(16).padStart(16, 'f'),
    traceFlags: n % 2,
    ...(state === '' ? {} : { traceState: { serialize: () => state } as never }),
  };
}

const contextOf = (n: number, state = ''): Context => trace.setSpanContext(ROOT_CONTEXT, spanContextOf(n, state));
const send = (writer: RingWriter, context: Context, message: unknown = 1, ports = ''): boolean =>
  writer.write(context, messageKind(message), 5, ports);
/** Takes the next message up. */
const take = (reader: RingReader, nowMs = 1, message: unknown = 1): Received =>
  reader.take(messageKind(message), nowMs, 0);
const idOf = (context: Context | undefined): string | undefined =>
  context === undefined ? undefined : trace.getSpanContext(context)?.traceId;

/** Baggage of so many entries. */
function baggageOf(count: number, valueLength: number): Baggage {
  const entries = Array.from({ length: count }, (_, n) => [`key${n}`, { value: 'v'.repeat(valueLength) }] as const);
  return propagation.createBaggage(Object.fromEntries(entries));
}

describe('a side ring', () => {
  test('carries trace id, span id, flags, tracestate, baggage and ports', () => {
    const { writer, reader } = world();
    const baggage = propagation.createBaggage({ user: { value: 'ü\n,;="' }, __proto__x: { value: '' } });
    send(writer, propagation.setBaggage(contextOf(6, 'ot=th:8;rv:1,x=y'), baggage), 'hello', '[[1,0,["a"]]]');
    const { context, sentMs } = take(reader, 7, 'hello');
    expect(reader.miss).toBeUndefined();
    const received = context as Context;
    const spanContext = trace.getSpanContext(received);
    expect(spanContext).toMatchObject({ ...spanContextOf(6), isRemote: true });
    expect(spanContext?.traceState?.serialize()).toBe('ot=th:8;rv:1,x=y');
    expect(propagation.getBaggage(received)?.getAllEntries()).toEqual(baggage.getAllEntries());
    expect(reader.ports).toBe('[[1,0,["a"]]]');
    expect(sentMs).toBeCloseTo(5, 3);
  });

  test('hands on what was received as it was, and says when that came', () => {
    const there = world();
    const back = world();
    send(there.writer, contextOf(3, 'a=b'));
    const received = take(there.reader, 9).context as Context;
    expect(accountIn(received)).toMatchObject({ peer, takenUpMs: 9 });
    send(back.writer, received);
    const spanContext = trace.getSpanContext(take(back.reader, 10).context as Context);
    expect(spanContext).toMatchObject({ ...spanContextOf(3), isRemote: true });
    expect(spanContext?.traceState?.serialize()).toBe('a=b');
  });

  test("an answer without a context is none to go on from: the root context is nobody's to mark", () => {
    const there = world();
    const ring = ringAt(new SharedArrayBuffer(ringBytes(SMALL)), 0, SMALL);
    beginRing(ring, 0);
    const clock = createEventStream({ now: () => 1000 }).clock;
    const writer = new RingWriter(ring, clock, peer);
    const back = new RingReader(ring, clock, { peer: peerOf(true), taken: 0 });
    send(there.writer, contextOf(3));
    const received = take(there.reader, 9).context as Context;
    send(writer, trace.deleteSpan(received));
    expect(take(back, 30)).toMatchObject({ context: ROOT_CONTEXT, isAnswer: false });
    send(writer, received);
    expect(take(back, 31).isAnswer).toBe(true);
  });

  test('says of an answer how long its message waited and was worked on, wherever that is sent', () => {
    const reader = readWaits();
    const ids = spanContextOf(3);
    const waits = reader.begin(trace.wrapSpanContext(ids), 0);
    const below = peerOf(true);
    const there = world();
    const ring = ringAt(new SharedArrayBuffer(ringBytes(SMALL)), 0, SMALL);
    beginRing(ring, 0);
    const clock = createEventStream({ now: () => 1000 }).clock;
    const writer = new RingWriter(ring, clock, peer);
    const back = new RingReader(ring, clock, { peer: below, taken: 0 });
    send(there.writer, contextOf(3));
    take(there.reader, 9);
    const answer = (n: number, nowMs: number): boolean => writer.write(contextOf(n), messageKind(1), nowMs, '');
    answer(3, 20);
    writer.rollBack();
    answer(3, 30);
    answer(4, 31);
    const noted: unknown[] = [];
    const isAnswer = [40, 41].map((nowMs) => take(back, nowMs).isAnswer);
    waits?.visit((kind, startMs, endMs) => noted.push([WAITS[kind], Math.round(startMs), Math.round(endMs)]));
    reader.close();
    expect(isAnswer).toEqual([true, false]);
    expect(noted).toEqual([
      ['ipc_queue', 5, 9],
      ['child_service', 9, 40],
    ]);
  });

  test('a context with more in it than a message brought is an ordinary one', () => {
    const { writer, reader } = world();
    send(writer, contextOf(3, 'a=b'));
    const key = Symbol('key');
    const received = take(reader, 9).context as Context;
    const more = received.setValue(key, 1);
    expect([more.getValue(key), idOf(more), accountIn(more)?.takenUpMs]).toEqual([1, idOf(contextOf(3)), 9]);
    expect(more.deleteValue(key).getValue(key)).toBeUndefined();
    expect(received.getValue(key)).toBeUndefined();
    expect(withAccount(received, { peer, sentMs: 0, takenUpMs: 1, place: 0 })).not.toBe(received);
  });

  test('messages that went before there was a ring are missed, those after them are not', () => {
    const { writer, ring } = world(SMALL, 3);
    const late = new RingReader(ring, createEventStream().clock, { peer, taken: 1 });
    send(writer, contextOf(1));
    const seen = [1, 2, 3].map(() => [idOf(take(late).context), late.miss]);
    expect(seen).toEqual([
      [undefined, 'peer'],
      [undefined, 'peer'],
      [idOf(contextOf(1)), undefined],
    ]);
  });

  test('carries all the baggage and tracestate that W3C allows, and as many ports as travel with one message', () => {
    const { writer, reader } = world(PORT_RING);
    const baggage = baggageOf(180, 8192 / 180 - 'key000=,'.length);
    const ports = 'p'.repeat(MAX_PORTS_BYTES);
    const state = `a=${'s'.repeat(252)},b=${'s'.repeat(255)}`;
    expect(send(writer, propagation.setBaggage(contextOf(1, state), baggage), 1, ports)).toBe(true);
    const received = take(reader).context as Context;
    expect(propagation.getBaggage(received)?.getAllEntries()).toEqual(baggage.getAllEntries());
    expect(trace.getSpanContext(received)?.traceState?.serialize()).toBe(state);
    expect(reader.ports).toBe(ports);
  });

  test('baggage that is too long stays behind, then the tracestate, never ports or the trace; and the sender is told', () => {
    const { writer, reader } = world(PORT_RING);
    const long = baggageOf(200, 100);
    const seen = ['s=1', 's'.repeat(20_000)].map((state) => {
      const isWhole = send(writer, propagation.setBaggage(contextOf(1, state), long), 1, 'ports');
      const received = take(reader).context as Context;
      const spanContext = trace.getSpanContext(received);
      const baggage = propagation.getBaggage(received);
      return [isWhole, reader.miss, spanContext?.traceId, spanContext?.traceState?.serialize(), baggage, reader.ports];
    });
    const { traceId } = spanContextOf(1);
    expect(seen).toEqual([
      [false, undefined, traceId, 's=1', undefined, 'ports'],
      [false, undefined, traceId, undefined, undefined, 'ports'],
    ]);
    expect(send(writer, contextOf(1))).toBe(true);
  });

  test('a message of another kind than its slot tells that messages went by unseen: nothing is believed any more', () => {
    const { writer, reader } = world();
    send(writer, contextOf(1), 'a string');
    send(writer, contextOf(2), 1);
    const { context } = take(reader);
    expect([reader.miss, context]).toEqual(['desync', ROOT_CONTEXT]);
    take(reader);
    expect(reader.miss).toBe('desync');
  });

  test('once the writer has stopped, messages are those of a sender that nobody observes', () => {
    const { writer, reader } = world();
    send(writer, contextOf(1));
    writer.stop();
    expect(idOf(take(reader).context)).toBe(idOf(contextOf(1)));
    const { context } = take(reader);
    expect([reader.miss, context]).toEqual(['peer', undefined]);
  });

  test('a receiver misses what lies nearly a whole ring behind, and nothing before that', () => {
    const { writer, reader } = world(PORT_RING);
    const reach = PORT_RING.slots - GUARD_SLOTS - limitStep(PORT_RING);
    for (let n = 0; n < reach; n++) send(writer, contextOf(n));
    expect([idOf(take(reader).context), reader.miss]).toEqual([idOf(contextOf(0)), undefined]);
    for (let n = reach; n <= PORT_RING.slots; n++) send(writer, contextOf(n));
    expect([idOf(take(reader).context), reader.miss]).toEqual([undefined, 'lapped']);
  });

  test('invalid ids are no trace', () => {
    const { writer, reader } = world();
    for (const traceId of ['', 'x'.repeat(32), '0'.repeat(32), 'a'.repeat(33), 'A'.repeat(32)]) {
      send(writer, trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b'.repeat(16), traceFlags: 1 }));
      const { context } = take(reader);
      expect([reader.miss, idOf(context)]).toEqual([undefined, undefined]);
    }
  });

  test('whatever is sent, refused, received and left lying: a context is right or missed, never wrong', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('send'), n: fc.nat(40), text: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse'), n: fc.nat(40), text: fc.nat(3) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('take'), n: fc.nat(40), text: fc.nat(3) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: -40, max: 40 }), (steps, from) => {
        const { writer, reader } = world(SMALL, (2 ** 31 - 20 + from) | 0);
        const wire: { wanted: string | undefined; text: string }[] = [];
        for (const { do: what, n, text } of steps) {
          const state = text === 0 ? '' : `s=${'y'.repeat(text * 80)}${n}`;
          const context = n === 0 ? ROOT_CONTEXT : contextOf(n, state);
          if (what === 'take') {
            const message = wire.shift();
            if (message === undefined) continue;
            const { context: received } = take(reader);
            if (reader.miss === undefined) {
              expect(idOf(received)).toBe(message.wanted);
              const spanContext = trace.getSpanContext(received as Context);
              expect(spanContext?.traceState?.serialize() ?? '').toBe(message.text);
            } else {
              expect(reader.miss).toBe('lapped');
              expect(idOf(received)).toBeUndefined();
              // Only what nearly a whole ring of messages has overtaken, or its text.
              expect(wire.length >= SMALL.slots - GUARD_SLOTS || message.text !== '').toBe(true);
            }
            continue;
          }
          send(writer, context);
          if (what === 'refuse') writer.rollBack();
          else wire.push({ wanted: idOf(context), text: n === 0 ? '' : state });
          expect(writer.depth).toBe(wire.length);
        }
      }),
      runs(300),
    );
  });
});
