import { createTraceState, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { sentIn } from '@sonde/instrumentation-kit';
import fc from 'fast-check';
import { type Peer, withAccount } from '../../src/account.ts';
import { enclose, isAnswer, isEnvelope, open } from '../../src/processes/envelope.ts';
import { isInternal, isNotForUsers, isTalk, talk } from '../../src/processes/wire.ts';
import { TakenUp } from '../../src/taken-up.ts';
import { runs } from '../seed.ts';

const peer = (): Peer => ({ isDown: true, takenUp: new TakenUp() });
const PEER = peer();

function wire<T>(message: T): T {
  return JSON.parse(JSON.stringify(message)) as T;
}

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => /[1-9a-f]/.test(text));

describe('an envelope', () => {
  it('brings trace, flags, state and baggage to the other side', () => {
    const contexts = fc.record({
      traceId: hex(32),
      spanId: hex(16),
      traceFlags: fc.integer({ min: 0, max: 3 }),
      isRemote: fc.boolean(),
      vendor: fc.option(fc.stringMatching(/^[a-z]{1,8}$/), { nil: undefined }),
      baggage: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), { maxKeys: 3 }),
    });
    fc.assert(
      fc.property(contexts, fc.jsonValue(), ({ vendor, baggage, ...ids }, message) => {
        const traceState = vendor === undefined ? undefined : createTraceState(`${vendor}=1`);
        const spanContext = { ...ids, ...(traceState && { traceState }) };
        const entries = Object.fromEntries(Object.entries(baggage).map(([key, value]) => [key, { value }]));
        const bag = propagation.createBaggage(entries);
        const active = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, spanContext), bag);
        const nowMs = performance.now();
        const sent = wire(enclose(message, active, nowMs, PEER));
        expect(isEnvelope(sent) && isInternal(sent) && !isTalk(sent, 'k')).toBe(true);
        expect(sent['']).toEqual(wire(message));
        const received = open(sent, PEER, nowMs);
        expect(trace.getSpanContext(received)).toMatchObject({
          traceId: ids.traceId,
          spanId: ids.spanId,
          traceFlags: ids.traceFlags,
          isRemote: true,
        });
        expect(trace.getSpanContext(received)?.traceState?.serialize()).toBe(traceState?.serialize());
        expect(received.isSampled).toBe((ids.traceFlags & 1) === 1);
        expect(received.sentMs).toBeCloseTo(nowMs, 2);
        expect(propagation.getBaggage(received)?.getAllEntries() ?? []).toEqual(bag.getAllEntries());
        // What is derived from it is an ordinary context.
        const derived = received.setValue(Symbol.for('x'), 1);
        expect(trace.getSpanContext(derived)?.traceId).toBe(ids.traceId);
      }),
      runs(200),
    );
  });

  it('is written as JSON for any message as deep as JSON takes it without', () => {
    const nested = (depth: number): unknown => {
      let message: unknown = {};
      for (let i = 0; i < depth; i++) message = { a: message };
      return message;
    };
    const isWritten = (message: unknown): boolean => {
      try {
        return JSON.stringify(message).length > 0;
      } catch {
        return false;
      }
    };
    const depths = [100, 500, 1000, 2000, 20_000].filter((depth) => isWritten(nested(depth)));
    expect(depths.filter((depth) => isWritten(enclose(nested(depth), ROOT_CONTEXT, 5, PEER)))).toEqual(depths);
    expect(depths).toContain(1000);
  });

  it('brings no baggage that could not be sent on', () => {
    const entries = [
      ['number', 5],
      ['object', { toString: 5 }],
      ['half', '\ud800'],
      ['null', null],
      [7, 'key'],
      ['good', 'ä'],
    ];
    const cmd = `NODE_SONDE_MSG_1${'0'.repeat(50)}\n\n${JSON.stringify(entries)}${'0'.repeat(21)}`;
    const baggage = propagation.getBaggage(open({ cmd, '': 1 }, PEER, 5));
    expect(baggage?.getAllEntries()).toEqual([['good', { value: 'ä' }]]);
  });

  it('is not sampled where nothing is said of it', () => {
    expect(open({ cmd: 'NODE_SONDE_MSG_1', '': 1 }, PEER, 5).isSampled).toBe(false);
  });

  it('brings no trace where there is none', () => {
    const received = open(wire(enclose('m', ROOT_CONTEXT, 5, PEER)), PEER, 5);
    expect(trace.getSpan(received)).toBeUndefined();
    expect(received.isSampled).toBe(false);
  });

  it('says in an answer, and only to whom it answers, when the job was sent and taken up, beside all the rest', () => {
    const nowMs = performance.now();
    const times = fc.record({ waitedMs: fc.nat(5000), ranMs: fc.nat(5000), value: fc.option(fc.string()) });
    fc.assert(
      fc.property(times, ({ waitedMs, ranMs, value }) => {
        const takenUpMs = nowMs - ranMs;
        const account = { peer: PEER, sentMs: takenUpMs - waitedMs, takenUpMs, place: 0 };
        const bag = value === null ? undefined : propagation.createBaggage({ key: { value } });
        const plain = bag === undefined ? ROOT_CONTEXT : propagation.setBaggage(ROOT_CONTEXT, bag);
        const active = withAccount(plain, account);
        const answer = open(wire(enclose('m', active, nowMs, PEER)), PEER, nowMs);
        expect(isAnswer()).toBe(true);
        expect(answer.hasAccount).toBe(true);
        expect(answer.answeredSentMs).toBeCloseTo(account.sentMs, 2);
        expect(answer.answeredTakenMs).toBeCloseTo(account.takenUpMs, 2);
        expect(propagation.getBaggage(answer)?.getAllEntries()).toEqual(bag?.getAllEntries());
        expect(open(wire(enclose('m', active, nowMs, peer())), PEER, nowMs).hasAccount).toBe(false);
        expect(isAnswer()).toBe(false);
      }),
      runs(100),
    );
  });

  it('says of an answer without times that it is one', () => {
    const active = withAccount(ROOT_CONTEXT, { peer: PEER, sentMs: Number.NaN, takenUpMs: Number.NaN, place: 0 });
    const answer = open(wire(enclose('m', active, 5, PEER)), PEER, 5);
    expect([answer.hasAccount, answer.answeredSentMs, answer.answeredTakenMs]).toEqual([true, Number.NaN, Number.NaN]);
  });

  it('passes what came in another one on as it came, and says that it was only given', () => {
    const flags = fc.integer({ min: 0, max: 0xff });
    fc.assert(
      fc.property(hex(32), hex(16), flags, fc.boolean(), (traceId, spanId, traceFlags, isAnswering) => {
        const bag = propagation.createBaggage({ key: { value: 'ä' } });
        const spanContext = { traceId, spanId, traceFlags, traceState: createTraceState('a=1,b=2') };
        const sender = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, spanContext), bag);
        const account = { peer: PEER, sentMs: 1, takenUpMs: 2, place: 0 };
        const first = open(wire(enclose('m', isAnswering ? withAccount(sender, account) : sender, 5, PEER)), PEER, 5);
        const second = open(wire(enclose('m', first, 6, peer())), PEER, 6);
        expect(trace.getSpanContext(second)).toMatchObject({ traceId, spanId, traceFlags: traceFlags & 0x7f });
        expect(trace.getSpanContext(second)?.traceState?.serialize()).toBe('a=1,b=2');
        expect(propagation.getBaggage(second)?.getAllEntries()).toEqual(bag.getAllEntries());
        expect(second.isSampled).toBe((traceFlags & 1) === 1);
        expect(second.hasAccount).toBe(false);
        // Who was only given a span cannot say what happened before its end.
        expect([sentIn(first) !== undefined, sentIn(second)]).toEqual([true, undefined]);
      }),
      runs(200),
    );
  });

  it('gives nothing but an ordinary context for whatever else somebody may send', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.anything(), fc.boolean(), (text, c, isPassedOn) => {
        const envelope = { cmd: `NODE_SONDE_MSG_1${text}`, c, '': 1 } as never;
        const opened = open(envelope, PEER, performance.now());
        const received = isPassedOn ? open(wire(enclose('m', opened, 5, peer())), PEER, 5) : opened;
        const spanContext = trace.getSpanContext(received);
        if (spanContext !== undefined) expect(spanContext.traceId).toMatch(/^[0-9a-f]{32}$/);
        propagation.getBaggage(received);
        received.setValue(Symbol.for('x'), 1).getValue(Symbol.for('x'));
      }),
      runs(300),
    );
  });
});

describe('messages of the application', () => {
  it('are told from those of Node without running a getter', () => {
    const getter = Object.defineProperty({}, 'cmd', {
      get() {
        throw new Error('must not be read');
      },
    });
    expect([getter, {}, null, 'NODE_X', { cmd: 'NODE_' }, { cmd: 5 }, { cmd: 'node_x' }].map(isNotForUsers)).toEqual(
      Array.from({ length: 7 }, () => false),
    );
    expect([{ cmd: 'NODE_CLUSTER' }, { cmd: 'NODE_X' }].map(isNotForUsers)).toEqual([true, true]);
  });

  it('travel in an envelope when they look like one of ours', () => {
    expect([talk('k', 'hello'), enclose(1, ROOT_CONTEXT, 1, PEER)].map(isNotForUsers)).toEqual([false, false]);
  });
});
