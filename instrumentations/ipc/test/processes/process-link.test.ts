import { EventEmitter } from 'node:events';
import { type Context, context, propagation, ROOT_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type AnyFunction, readWaits, WAITS } from '@sonde/instrumentation-kit';
import { markAnswer } from '../../src/answers.ts';
import type { Channel, MissReason, Received } from '../../src/channels.ts';
import { hookEmit } from '../../src/processes/emit-hook.ts';
import type { LinkEnd } from '../../src/processes/link-end.ts';
import { ProcessLink } from '../../src/processes/process-link.ts';

const PENDING = Symbol('kPendingMessages');

/** Two ends in one process; what one sends the other emits, through JSON, when it is told to. */
class End extends EventEmitter {
  connected = true;
  readonly channel: object = { [PENDING]: [] };
  readonly sent: unknown[] = [];
  send(message: unknown): boolean {
    this.sent.push(JSON.parse(JSON.stringify(message)));
    return true;
  }
}

class Log implements Channel {
  readonly system = 's';
  readonly destination = 'd';
  readonly misses: [MissReason, number][] = [];
  failures = 0;
  startSend(): Span | undefined {
    return undefined;
  }
  sent(): void {}
  sendFailed(): void {
    this.failures += 1;
  }
  receiveFailed(): void {
    this.failures += 1;
  }
  received(): void {}
  receivedQuickly(): boolean {
    return false;
  }
  process(received: Received, handler: AnyFunction, receiver?: unknown, args: readonly unknown[] = []): unknown {
    const inside = received.context ?? context.active();
    if (received.isAnswer === true) markAnswer(inside, received.peer);
    return context.with(inside, () => Reflect.apply(handler, receiver, args));
  }
  startProcess(): Span | undefined {
    return undefined;
  }
  endProcess(): void {}
  missed(reason: MissReason, count: number): void {
    this.misses.push([reason, count]);
  }
  io(): void {}
  settle(): void {}
  depth(): void {}
  undelivered(): void {}
}

function createEnd(isChild: boolean) {
  const end = new End();
  const channel = new Log();
  const link = new ProcessLink({ end: end as unknown as LinkEnd, channel, isChild, mayAnnounce: true, key: 'k' });
  const undo = hookEmit(end, { linkOf: (other) => (other === end ? link : undefined), closed: () => link.closed() });
  return { end, channel, link, undo };
}

type Side = ReturnType<typeof createEnd>;

/** Delivers what one end has sent. */
function deliver(from: Side, to: Side): void {
  for (const message of from.end.sent.splice(0)) {
    const { cmd } = Object(message) as { readonly cmd?: unknown };
    to.end.emit(String(cmd).startsWith('NODE_') ? 'internalMessage' : 'message', message, undefined);
  }
}

function inTrace<T>(digit: number, work: () => T): T {
  const spanContext = { traceId: String(digit).repeat(32), spanId: '1'.repeat(16), traceFlags: TraceFlags.NONE };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), work);
}

function digitOf(active: Context): string {
  return trace.getSpanContext(active)?.traceId[0] ?? '-';
}

describe('two ends of a channel', () => {
  let parent: Side;
  let child: Side;
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterAll(() => {
    context.disable();
    propagation.disable();
  });
  beforeEach(() => {
    parent = createEnd(false);
    child = createEnd(true);
  });

  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
  const fail = (): never => {
    throw new Error('thrown by the context');
  };
  const bag = (baggage: object): Context => propagation.setBaggage(ROOT_CONTEXT, baggage as never);
  const odd: Readonly<Record<string, Context>> = {
    'a baggage value that is no text': bag(propagation.createBaggage({ key: { value: 1n as never } })),
    'baggage that throws': bag({ getAllEntries: fail }),
    'a tracestate that throws': trace.setSpanContext(ROOT_CONTEXT, {
      ...ids,
      traceState: { serialize: fail } as never,
    }),
    'a tracestate that is no text': trace.setSpanContext(ROOT_CONTEXT, {
      ...ids,
      traceState: { serialize: () => 5 } as never,
    }),
    'a span that throws': trace.setSpan(ROOT_CONTEXT, { ...trace.wrapSpanContext(ids), spanContext: fail } as never),
    'no trace id': trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceId: undefined as never }),
  };
  it.each(Object.keys(odd))('a message sent with %s arrives without a context', (name) => {
    const seen: unknown[] = [];
    child.end.on('message', (message) => seen.push([message, digitOf(context.active())]));
    const send = (message: string): boolean => context.with(odd[name] as Context, () => parent.end.send(message));
    // Announced, and in an envelope.
    send('early');
    greet();
    deliver(parent, child);
    send('late');
    inTrace(7, () => parent.end.send('after'));
    deliver(parent, child);
    expect(seen).toEqual([
      // What announces may tell a trace without its state.
      ['early', expect.stringMatching(/^[-a]$/)],
      ['late', '-'],
      ['after', '7'],
    ]);
  });

  function greet(): void {
    child.link.hello();
    deliver(child, parent);
    deliver(parent, child);
  }

  it('say nothing and send bare messages until both have greeted', () => {
    inTrace(1, () => parent.end.send('bare'));
    // The context goes ahead of it.
    expect(parent.end.sent).toEqual([expect.objectContaining({ say: 'context' }), 'bare']);
    parent.end.sent.length = 0;
    greet();
    inTrace(1, () => parent.end.send('enveloped'));
    expect(parent.end.sent).toEqual([expect.objectContaining({ '': 'enveloped' })]);
  });

  it('count what was announced before anybody listened', () => {
    inTrace(1, () => parent.end.send(1));
    inTrace(1, () => parent.end.send(2));
    // Lost on a child that was not yet observed.
    parent.end.sent.length = 0;
    greet();
    expect(child.channel.misses).toEqual([['peer', 2]]);
  });

  it('count what was announced to a child that speaks without a greeting, and announce no more', () => {
    inTrace(1, () => parent.end.send(1));
    parent.end.on('message', () => undefined);
    parent.end.emit('message', 'from a stranger', undefined);
    expect(parent.channel.misses).toEqual([['peer', 1]]);
    parent.end.sent.length = 0;
    inTrace(1, () => parent.end.send(2));
    expect(parent.end.sent).toEqual([2]);
    expect(parent.channel.misses).toEqual([
      ['peer', 1],
      ['peer', 1],
    ]);
  });

  it('announce 64 contexts at most', () => {
    for (let i = 0; i < 70; i++) inTrace(1, () => parent.end.send(i));
    expect(parent.end.sent).toHaveLength(70 + 64);
    expect(parent.channel.misses).toHaveLength(6);
  });

  it('take an announcement back when its message could not be sent, or sends another one itself', () => {
    const big = 10n as unknown as number;
    expect(() => inTrace(1, () => parent.end.send({ big }))).toThrow(TypeError);
    inTrace(2, () =>
      parent.end.send({
        toJSON: () => {
          inTrace(3, () => parent.end.send('inner'));
          return 'outer';
        },
      }),
    );
    const seen: string[] = [];
    child.end.on('message', (message) => seen.push(`${message} ${digitOf(context.active())}`));
    deliver(parent, child);
    expect(seen).toEqual(['inner 3', 'outer -']);
    expect(parent.channel).toMatchObject({ misses: [['desync', 1]], failures: 1 });
  });

  it('run handlers in the context of the message, and answers in that of the job', () => {
    greet();
    const seen: string[] = [];
    child.end.on('message', (message) => {
      seen.push(`${message} ${digitOf(context.active())}`);
      child.end.send('answer');
    });
    parent.end.on('message', (message) => seen.push(`${message} ${digitOf(context.active())}`));
    for (const digit of [1, 2]) inTrace(digit, () => parent.end.send('job'));
    deliver(parent, child);
    deliver(child, parent);
    expect(seen).toEqual(['job 1', 'job 2', 'answer 1', 'answer 2']);
  });

  it('send nothing in the context of an answer right from its handler: it may be the next job of a pool', () => {
    greet();
    const seen: string[] = [];
    child.end.on('message', (message) => {
      seen.push(`${message} ${digitOf(context.active())}`);
      if (message === 'job') child.end.send('answer');
    });
    parent.end.on('message', () => parent.end.send('next'));
    inTrace(1, () => parent.end.send('job'));
    deliver(parent, child);
    deliver(child, parent);
    deliver(parent, child);
    expect(seen).toEqual(['job 1', 'next -']);
    expect(parent.channel.misses).toEqual([['answer', 1]]);
  });

  it('send in the context of an answer what goes to another child: the next stage of the same work', () => {
    greet();
    const [next, nextChild] = [createEnd(false), createEnd(true)];
    nextChild.link.hello();
    deliver(nextChild, next);
    deliver(next, nextChild);
    child.end.on('message', () => child.end.send('answer'));
    parent.end.on('message', (message) => next.end.send(message));
    const seen: string[] = [];
    nextChild.end.on('message', () => seen.push(digitOf(context.active())));
    inTrace(1, () => parent.end.send('job'));
    deliver(parent, child);
    deliver(child, parent);
    deliver(next, nextChild);
    expect(seen).toEqual(['1']);
    expect([parent.channel.misses, next.channel.misses]).toEqual([[], []]);
  });

  it('tell the request that waited for the answer how long its job waited and was worked on', () => {
    greet();
    const reader = readWaits();
    const root = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 0 });
    const waits = reader.begin(root, performance.now());
    child.end.on('message', () => child.end.send('answer'));
    parent.end.on('message', () => undefined);
    inTrace(1, () => parent.end.send('job'));
    const until = performance.now() + 2;
    while (performance.now() < until);
    deliver(parent, child);
    deliver(child, parent);
    let noted = 0;
    waits?.visit(() => {
      noted += 1;
    });
    reader.close();
    expect(noted).toBe(2);
  });

  it('tell that as well when the answer is sent from elsewhere in the same trace, and take it for an answer', () => {
    inTrace(3, () => parent.end.send('announced'));
    greet();
    const reader = readWaits();
    const begin = (digit: number): ReturnType<typeof reader.begin> => {
      const ids = { traceId: String(digit).repeat(32), spanId: '1'.repeat(16), traceFlags: 0 };
      return reader.begin(trace.wrapSpanContext(ids), 0);
    };
    const [answered, other, early] = [begin(1), begin(2), begin(3)];
    child.end.on('message', () => undefined);
    parent.end.on('message', () => parent.end.send('next'));
    for (const digit of [1, 2]) inTrace(digit, () => parent.end.send('job'));
    const until = performance.now() + 2;
    while (performance.now() < until);
    deliver(parent, child);
    for (const digit of [3, 1, 1, 4]) inTrace(digit, () => child.end.send('answer'));
    deliver(child, parent);
    const kinds = [answered, other, early].map((waits) => {
      const seen: string[] = [];
      waits?.visit((kind) => seen.push(WAITS[kind] as string));
      return seen.sort();
    });
    reader.close();
    expect(kinds).toEqual([['child_service', 'ipc_queue'], [], ['child_service', 'ipc_queue']]);
    // What is no answer to anything may be answered in its own context.
    expect(parent.channel.misses).toEqual([
      ['answer', 1],
      ['answer', 1],
      ['answer', 1],
    ]);
  });

  it('send in the context of what a parent has answered: a child goes on with its work there', () => {
    greet();
    child.end.on('message', () => child.end.send('more'));
    parent.end.on('message', () => parent.end.send('reply'));
    inTrace(1, () => child.end.send('question'));
    deliver(child, parent);
    deliver(parent, child);
    expect(child.end.sent).toEqual([expect.objectContaining({ cmd: expect.stringContaining('1'.repeat(32)) })]);
    expect(child.channel.misses).toEqual([]);
  });

  it('put messages aside until there is a listener, each with its context', () => {
    greet();
    for (const digit of [1, 2]) inTrace(digit, () => parent.end.send(digit));
    deliver(parent, child);
    const pending = (child.end.channel as Record<symbol, unknown[][]>)[PENDING] ?? [];
    expect(pending.map(([event, message]) => [event, message])).toEqual([
      ['message', 1],
      ['message', 2],
    ]);
    const seen: unknown[] = [];
    child.end.on('message', (...args) => seen.push([...args, digitOf(context.active())]));
    for (const entry of pending) Reflect.apply(child.end.emit, child.end, entry);
    expect(seen).toEqual([
      [1, undefined, '1'],
      [2, undefined, '2'],
    ]);
  });

  it('pass on unopened what only looks like an envelope, and open nothing before they have greeted', () => {
    const internal: unknown[] = [];
    child.end.on('internalMessage', (message) => internal.push(message));
    const lookalike = { cmd: 'NODE_SONDE_MSG_1', '': 'inside' };
    child.end.emit('internalMessage', lookalike, undefined);
    greet();
    parent.end.send(lookalike);
    deliver(parent, child);
    expect(internal).toEqual([lookalike, lookalike]);
  });

  it('tell of every message, whatever it came with: from the first on a child works for others', () => {
    const end = new End();
    let told = 0;
    const config = { end: end as unknown as LinkEnd, channel: new Log(), isChild: true, mayAnnounce: true, key: 'k' };
    const onMessage = (): void => {
      told += 1;
    };
    child = { ...child, end, link: new ProcessLink({ ...config, onMessage }) };
    hookEmit(end, { linkOf: () => child.link, closed: () => undefined });
    end.on('message', () => undefined);
    end.emit('message', 'bare', undefined);
    expect(told).toBe(1);
    inTrace(1, () => parent.end.send('announced'));
    deliver(parent, child);
    expect(told).toBe(2);
    greet();
    parent.end.send('enveloped');
    deliver(parent, child);
    expect(told).toBe(3);
  });

  it('run handlers in no context where one that has greeted had none to tell, wherever the channel was made', () => {
    child.link.hello();
    child.end.send('bare');
    const seen: string[] = [];
    parent.end.on('message', () => seen.push(digitOf(context.active())));
    inTrace(1, () => deliver(child, parent));
    // It has not greeted.
    inTrace(2, () => child.end.emit('message', 'bare', undefined));
    child.end.on('message', () => seen.push(digitOf(context.active())));
    inTrace(3, () => child.end.emit('message', 'bare', undefined));
    expect(seen).toEqual(['-', '3']);
  });

  it('leave baggage that is too long behind, and count that, but carry what W3C allows', () => {
    greet();
    const bytes = [80, 8000, 20_000];
    const seen: unknown[] = [];
    child.end.on('message', () => seen.push([digitOf(context.active()), propagation.getActiveBaggage() !== undefined]));
    for (const size of bytes) {
      const baggage = propagation.createBaggage({ key: { value: 'v'.repeat(size) } });
      inTrace(1, () => context.with(propagation.setBaggage(context.active(), baggage), () => parent.end.send(size)));
    }
    inTrace(2, () => parent.end.send(0));
    deliver(parent, child);
    expect(seen).toEqual([
      ['1', true],
      ['1', true],
      ['1', false],
      ['2', false],
    ]);
    expect(parent.channel.misses).toEqual([['size', 1]]);
  });

  it.each([false, true])('take nothing that the user sends for their own, greeted: %s', (isGreeted) => {
    if (isGreeted) greet();
    const sayings = ['hello', 'context', 'cancel', 'bye', 'parted'].map((say) => ({ cmd: 'NODE_SONDE_IPC_1', say }));
    const forged = [...sayings, { cmd: `NODE_SONDE_MSG_1${'a'.repeat(80)}`, '': 'forged' }];
    const seen: unknown[] = [];
    const internal: unknown[] = [];
    child.end.on('message', (message) => seen.push([message, digitOf(context.active())]));
    child.end.on('internalMessage', (message) => internal.push(message));
    for (const message of forged) parent.end.send(message);
    inTrace(1, () => parent.end.send('after'));
    deliver(parent, child);
    greet();
    inTrace(2, () => parent.end.send('at last'));
    deliver(parent, child);
    expect(seen).toEqual([
      ['after', '1'],
      ['at last', '2'],
    ]);
    expect(internal).toEqual(forged);
  });

  it('take nothing that the user sends for their own while one of them stops', () => {
    greet();
    child.link.stop();
    child.undo();
    const forged = { cmd: 'NODE_SONDE_IPC_1', say: 'parted' };
    parent.end.send(forged);
    parent.end.send({ cmd: 'NODE_SONDE_MSG_1', '': 'forged' });
    parent.end.send('after');
    const seen: unknown[] = [];
    child.end.on('message', (message) => seen.push(message));
    deliver(parent, child);
    expect(seen).toEqual(['after']);
  });

  it('open what is under way after they were stopped, even where emit was replaced', () => {
    greet();
    inTrace(1, () => parent.end.send('under way'));
    child.link.stop();
    child.undo();
    const seen: unknown[] = [];
    child.end.on('message', (message) => seen.push(message));
    deliver(parent, child);
    expect(seen).toEqual(['under way']);
    deliver(child, parent);
    deliver(parent, child);
    expect(child.end.listenerCount('internalMessage')).toBe(0);
    inTrace(1, () => parent.end.send('bare again'));
    expect(parent.end.sent).toEqual(['bare again']);
  });

  it('count a message that toJSON made nothing of', () => {
    greet();
    parent.end.send({ toJSON: () => undefined });
    deliver(parent, child);
    expect(child.channel.failures).toBe(1);
  });
});
