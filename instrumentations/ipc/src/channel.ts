import { type Context, context, type Span, trace } from '@opentelemetry/api';
import {
  type AnyFunction,
  activeContext,
  type Fold,
  guard,
  markTrace,
  type RateLimit,
} from '@sonde/instrumentation-kit';
import { markAnswer } from './answers.ts';
import { Series } from './channel-series.ts';
import { type ChannelSpans, createSpans } from './channel-spans.ts';
import type { Channel, ChannelNames, MissReason, Received } from './channels.ts';
import { errorType } from './error-type.ts';
import type { Surroundings } from './part.ts';
import { SampledDurations } from './sampled-durations.ts';
import { ATTRIBUTE } from './semantic-names.ts';

/** What all channels of a thread share. */
export interface ChannelParts extends Omit<Surroundings, 'channels'> {
  readonly fold: Fold;
  /** Of spans after the fact. */
  readonly limit: RateLimit;
  /** Of events that tell of waits: behind a thread that hangs, or in a queue that does not drain, each message has waited. */
  readonly waits: RateLimit;
}

type Operation = 'send' | 'receive' | 'process';

const now = performance.now.bind(performance);

/** The recorder of one channel. */
export class ChannelRecorder implements Channel {
  readonly system: string;
  readonly destination: string;
  readonly #parts: ChannelParts;
  readonly #series: Series;
  readonly #spans: ChannelSpans;
  readonly #slowMs: number;
  readonly #hasSpans: boolean;
  readonly #sends: SampledDurations;
  readonly #processes: SampledDurations;

  constructor(names: ChannelNames, parts: ChannelParts) {
    this.system = names.system;
    this.destination = names.destination;
    this.#parts = parts;
    this.#slowMs = parts.config.slowThresholdMs;
    this.#hasSpans = parts.config.spans;
    const series = new Series(names, parts.instruments);
    this.#series = series;
    this.#sends = new SampledDurations(() => series.sendDuration, this.#slowMs);
    this.#processes = new SampledDurations(() => series.processDuration, this.#slowMs);
    this.#spans = createSpans(names, parts);
  }

  startSend(active: Context): Span | undefined {
    const parent = trace.getSpan(active);
    return parent?.isRecording() === true ? this.#spans.startSend(active) : undefined;
  }

  sent(startMs: number, bytes: number, span: Span | undefined): void {
    const series = this.#series;
    series.sent.add(1);
    if (bytes > 0) series.transmitted.add(bytes);
    if (span !== undefined || !this.#sends.countsUntimed()) this.#sentTimed(startMs, span);
  }

  sendFailed(startMs: number, error: unknown, span: Span | undefined): void {
    const type = errorType(error);
    // Beside the others: how long it took says nothing of those that succeed.
    this.#series.sendDuration.record((now() - startMs) / 1000);
    this.#series.sendFailed(type).add(1);
    if (span !== undefined) this.#spans.end(span, type);
    this.#failed('send', type);
  }

  receiveFailed(error: unknown): void {
    const type = errorType(error);
    this.#series.receiveFailed(type).add(1);
    this.#failed('receive', type);
  }

  received({ context: active, sentMs, takenUpMs, bytes }: Received): void {
    const series = this.#series;
    series.consumed.add(1);
    if (bytes > 0) series.obtained.add(bytes);
    // NaN where it is not known when the message was sent; clocks of two threads may differ by a little.
    const waitMs = takenUpMs - sentMs;
    if (waitMs >= 0) series.wait.record(waitMs / 1000);
    else if (waitMs < 0) series.wait.record(0);
    if (waitMs >= this.#slowMs && this.#parts.waits.take(takenUpMs)) this.#slowWait(waitMs, takenUpMs, active);
  }

  receivedQuickly(received: Received): boolean {
    if ((this.#hasSpans && received.isSampled) || !this.#processes.countsUntimed()) return false;
    this.received(received);
    return true;
  }

  process(received: Received, handler: AnyFunction, receiver?: unknown, args?: readonly unknown[]): unknown {
    const run = args === undefined ? handler : (): unknown => Reflect.apply(handler, receiver, args);
    const { context: active, isSampled, sentMs, takenUpMs } = received;
    this.received(received);
    if (active === undefined) return this.#run(active, takenUpMs, undefined, run);
    const span = isSampled ? this.#spans.startProcess(active, takenUpMs - sentMs) : undefined;
    const inside = span === undefined ? active : trace.setSpan(active, span);
    if (received.isAnswer === true) markAnswer(inside, received.peer);
    return this.#run(inside, takenUpMs, span, run);
  }

  #run(inside: Context | undefined, takenUpMs: number, span: Span | undefined, run: AnyFunction): unknown {
    let isDone = false;
    // No `catch`: throwing again would make Node print this line instead of the application's.
    try {
      const result = inside === undefined || inside === context.active() ? run() : context.with(inside, run);
      isDone = true;
      return result;
    } finally {
      this.#processed(takenUpMs, inside, span, isDone);
    }
  }

  startProcess({ context: active, sentMs, takenUpMs }: Received, startEpochMs: number): Span | undefined {
    return active === undefined ? undefined : this.#spans.startProcess(active, takenUpMs - sentMs, startEpochMs);
  }

  endProcess(span: Span, endEpochMs: number): void {
    this.#spans.end(span, undefined, endEpochMs);
  }

  missed(reason: MissReason, count: number): void {
    this.#series.missed(reason).add(count);
  }

  io(direction: 'transmit' | 'receive', bytes: number): void {
    if (direction === 'transmit') this.#series.transmitted.add(bytes);
    else this.#series.obtained.add(bytes);
  }

  depth(messages: number): void {
    this.#series.depth.advanceTo(messages);
  }

  undelivered(messages: number): void {
    this.#series.undelivered.add(messages);
    this.#parts.events.undelivered.bind({ [ATTRIBUTE.destination]: this.destination }).emit(now(), messages);
  }

  #processed(takenUpMs: number, active: Context | undefined, span: Span | undefined, isDone: boolean): void {
    const endMs = now();
    this.#processes.record(endMs - takenUpMs);
    if (span !== undefined) this.#spans.end(span, isDone ? undefined : '_OTHER');
    if (endMs - takenUpMs < this.#slowMs) return;
    guard(
      'ipc.slow',
      () => {
        const inside = active ?? context.active();
        this.#emitSlow('process', endMs - takenUpMs, endMs, inside);
        if (span === undefined) this.#spans.slow('process', takenUpMs, endMs, inside);
      },
      undefined,
    );
  }

  #sentTimed(startMs: number, span: Span | undefined): void {
    const endMs = now();
    this.#sends.record(endMs - startMs);
    if (span !== undefined) this.#spans.end(span, undefined);
    if (endMs - startMs >= this.#slowMs) this.#slowSend(startMs, endMs, span);
  }

  #slowSend(startMs: number, endMs: number, span: Span | undefined): void {
    guard(
      'ipc.slow',
      () => {
        this.#emitSlow('send', endMs - startMs, endMs, context.active());
        if (span === undefined) this.#spans.slow('send', startMs, endMs, context.active());
      },
      undefined,
    );
  }

  #slowWait(waitMs: number, takenUpMs: number, active: Context | undefined): void {
    guard('ipc.slow', () => this.#emitSlow('receive', waitMs, takenUpMs, active ?? context.active()), undefined);
  }

  #emitSlow(operation: Operation, durationMs: number, nowMs: number, active: Context): void {
    const id = context.with(active, activeContext);
    this.#handle(this.#parts.events.slow, operation).emit(nowMs, durationMs / 1000, Number.NaN, id);
    markTrace(active);
  }

  #failed(operation: Operation, type: string): void {
    guard(
      'ipc.failed',
      () => {
        const timeMs = now();
        const count = this.#parts.fold.count(`${this.system}\0${this.destination}\0${operation}\0${type}`, timeMs);
        if (count === 0) return;
        const handle = this.#handle(this.#parts.events.failed, operation);
        handle.emitText({ text: type, timeMs, value: count, context: activeContext() });
      },
      undefined,
    );
  }

  #handle(event: ChannelParts['events']['slow'], operation: Operation): ChannelParts['events']['slow'] {
    return event.bind({ [ATTRIBUTE.destination]: this.destination, [ATTRIBUTE.operation]: operation });
  }
}
