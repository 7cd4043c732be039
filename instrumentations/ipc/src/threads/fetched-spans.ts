import { type Context, context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { countDropped, guard } from '@sonde/instrumentation-kit';
import type { Channel, Received } from '../channels.ts';

/** Messages that are worked on and not answered: beyond them the oldest span is ended. They may never be answered. */
export const MAX_OPEN = 256;
const FAILURE = 'ipc.fetched-span';
/** Under which a context says which fetched message its code works on. */
const WORK = createContextKey('sonde.ipc.fetched');

const now = performance.now.bind(performance);

/** A fetched message that is worked on. */
interface Work {
  readonly port: object;
  readonly channel: Channel;
  readonly span: Span;
  readonly traceId: string;
  /** Whether it is one: nobody answers that. */
  readonly isAnswer: boolean;
  /** The epoch on the clock of `performance.now()`. */
  readonly epochMs: number;
  /** Until when its code ran at a stretch; NaN while it still does. */
  pausedMs: number;
}

/** In the contexts of a message; nothing else holds it, so that it is gone when no code can run in any of them. */
interface Token {
  readonly work: Work;
}

/**
 * The `process` spans of messages that were fetched by `receiveMessageOnPort`: no function encloses what is done about such
 * a message. The span ends when something is sent back over the port, from a context of the message, or else from one of
 * its trace. Where nothing is, it ends when nothing runs in any of those contexts any more, which the garbage collector
 * tells; it then says that its end was when the caller fetched again, or its turn ended, as with handlers that are called.
 */
export class FetchedSpans {
  readonly #open = new Set<Work>();
  readonly #gone = new FinalizationRegistry<Work>((work) => this.#end(work, work.pausedMs));
  #current: Work | undefined;
  #standsStill = false;

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * This thread waits for its jobs in `Atomics.wait`, as those of piscina do. No exporter runs meanwhile, and between jobs
   * that await nothing none ever does: its spans come late or never, and what other threads and processes do below them
   * would be without its parent. So its jobs have none.
   */
  threadStandsStill(): void {
    this.#standsStill = true;
  }

  /**
   * A message was fetched: begins its span, where the sender was recorded.
   * @returns the context in which it is worked on; undefined where there is no span
   */
  begin(port: object, channel: Channel, received: Received): Context | undefined {
    const { context: sender, isSampled, takenUpMs } = received;
    const isAnswer = received.isAnswer === true;
    if (sender === undefined || !isSampled || (this.#standsStill && !isAnswer)) return undefined;
    const epochMs = Date.now() - now();
    const span = channel.startProcess(received, epochMs + takenUpMs);
    if (span === undefined) return undefined;
    const { traceId } = span.spanContext();
    const work: Work = { port, channel, span, traceId, isAnswer, epochMs, pausedMs: Number.NaN };
    this.#add(work);
    const token: Token = { work };
    this.#gone.register(token, work, work);
    return trace.setSpan(sender, span).setValue(WORK, token);
  }

  #add(work: Work): void {
    this.#open.add(work);
    this.#current = work;
    if (this.#open.size <= MAX_OPEN) return;
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    countDropped(FAILURE);
    this.#end(oldest, oldest.pausedMs);
  }

  /** The caller fetches again, or its turn has ended: answers are done with, all else may go on later. */
  paused(): void {
    const work = this.#current;
    this.#current = undefined;
    if (work === undefined) return;
    work.pausedMs = now();
    if (work.isAnswer) this.#end(work, work.pausedMs);
  }

  /** Something was sent over a port. */
  sent(port: object): void {
    guard(FAILURE, () => this.#answered(port, context.active()), undefined);
  }

  #answered(port: object, active: Context): void {
    const token = active.getValue(WORK) as Token | undefined;
    const answered = token?.work.port === port ? token.work : this.#oldest(port, trace.getSpanContext(active)?.traceId);
    if (answered !== undefined) this.#end(answered, now());
  }

  /** From the handler of another message: which one it answers is told by the trace. */
  #oldest(port: object, traceId: string | undefined): Work | undefined {
    for (const work of this.#open) if (work.port === port && work.traceId === traceId) return work;
    return undefined;
  }

  /** A port is closed. */
  closed(port: object): void {
    for (const work of this.#open) if (work.port === port) this.#end(work, work.pausedMs);
  }

  /** Ends all. */
  stop(): void {
    for (const work of this.#open) this.#end(work, work.pausedMs);
  }

  #end(work: Work, endMs: number): void {
    if (!this.#open.delete(work)) return;
    this.#gone.unregister(work);
    work.channel.endProcess(work.span, work.epochMs + (endMs > 0 ? endMs : now()));
  }
}
