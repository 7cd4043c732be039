/**
 * What decisions and recorded spans cost, from one in 256 of them, timed where they happen: with the caches as cold, the
 * attributes as many and the processors as slow as they are in this application. Timing spans of a private tracer in a
 * tight loop would say less than half of it.
 *
 * A picked decision is timed by itself (c0). If it is to be recorded, the time goes on until the span was made and shown to
 * the processors, and the calls of that one span are timed, `end()` with every processor's `onEnd` included (c_rec). For
 * that the span gets another prototype while it runs, which inherits from its own; no other span is touched, and the class
 * is not patched. The cost of reading the clock is measured beside and taken off.
 */
import type { Context, Span } from '@opentelemetry/api';
import { guarded } from '@sonde/instrumentation-kit';
import type { SamplingSpanProcessor } from '../trace-account.ts';
import type { DecisionMeter } from '../types.ts';
import { CostEstimate } from './cost-estimate.ts';
import { SampledCounter } from './sampled-counter.ts';

const ACCOUNT: unique symbol = Symbol.for('sonde.sampling.cost') as never;
/** First guesses, in milliseconds. */
const DECISION_MS = 200e-6;
const RECORDED_MS = 3e-3;
const CLOCK_MS = 40e-6;
const METHODS = [
  'setAttribute',
  'setAttributes',
  'addEvent',
  'addLink',
  'addLinks',
  'setStatus',
  'updateName',
  'recordException',
] as const;

interface Account {
  spentMs: number;
  /** Inside a timed call: what it calls in turn is part of it. */
  isInside: boolean;
}

type Method = (this: TimedSpan, ...args: unknown[]) => unknown;

interface TimedSpan {
  [ACCOUNT]?: Account | undefined;
}

export class SpanMeter implements DecisionMeter {
  readonly decision: CostEstimate = new CostEstimate(DECISION_MS);
  readonly recorded: CostEstimate = new CostEstimate(RECORDED_MS);
  /** One reading of the clock. */
  readonly clock: CostEstimate = new CostEstimate(CLOCK_MS);
  recordedCount = 0;
  readonly #decisions: SampledCounter;
  readonly #now: () => number;
  /** The trace of the picked decision whose span starts next. */
  #pendingTraceId = '';
  #fromMs = 0;
  #emptyMs = 0;
  readonly #timedPrototypes = new WeakMap<object, object>();

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#decisions = new SampledCounter(random);
  }

  get decisionCount(): number {
    return this.#decisions.count;
  }

  skips(): boolean {
    return this.#decisions.skips();
  }

  begin(): void {
    this.#pendingTraceId = '';
    const from = this.#now();
    this.#fromMs = this.#now();
    this.#emptyMs = this.#fromMs - from;
  }

  end(traceId: string, isRecorded: boolean): void {
    const now = this.#now();
    this.clock.add(this.#emptyMs);
    this.decision.add(now - this.#fromMs - this.#emptyMs);
    if (!isRecorded) return;
    this.#pendingTraceId = traceId;
    this.#fromMs = this.#now();
  }

  /** Counts recorded spans; belongs behind all other processors, so that what they do at the start is timed too. */
  processor(onShutdown: () => void): SamplingSpanProcessor {
    const settle = (): Promise<void> => Promise.resolve();
    return {
      onStart: guarded('sampling.governor', (span: Span, _context: Context) => this.#start(span)),
      onEnd: (): void => {},
      forceFlush: settle,
      shutdown: (): Promise<void> => {
        onShutdown();
        return settle();
      },
    };
  }

  #start(span: Span): void {
    this.recordedCount += 1;
    if (this.#pendingTraceId === '') return;
    const spentMs = this.#now() - this.#fromMs - this.#emptyMs;
    const isIt = span.spanContext().traceId === this.#pendingTraceId;
    this.#pendingTraceId = '';
    if (!isIt || !Object.isExtensible(span)) return;
    const timed = span as unknown as TimedSpan;
    const prototype: unknown = Object.getPrototypeOf(timed);
    if (typeof prototype !== 'object' || prototype === null) return;
    Object.defineProperty(timed, ACCOUNT, { value: { spentMs, isInside: false }, configurable: true });
    Object.setPrototypeOf(timed, this.#timedPrototype(prototype));
  }

  #timedPrototype(prototype: object): object {
    const known = this.#timedPrototypes.get(prototype);
    if (known !== undefined) return known;
    const timed: object = Object.create(prototype);
    const methods = prototype as Readonly<Record<string, unknown>>;
    for (const name of METHODS) {
      const method = methods[name];
      if (typeof method === 'function') define(timed, name, this.#timedMethod(method as Method));
    }
    const { end } = methods;
    if (typeof end === 'function') define(timed, 'end', this.#timedEnd(end as Method, prototype));
    this.#timedPrototypes.set(prototype, timed);
    return timed;
  }

  #timedMethod(method: Method): Method {
    const meter = this;
    return function (this: TimedSpan, ...args: unknown[]): unknown {
      const account = this[ACCOUNT];
      if (account === undefined || account.isInside) return method.apply(this, args);
      return meter.#time(account, () => method.apply(this, args));
    };
  }

  #timedEnd(end: Method, prototype: object): Method {
    const meter = this;
    return function (this: TimedSpan, ...args: unknown[]): unknown {
      const account = this[ACCOUNT];
      Object.setPrototypeOf(this, prototype);
      if (account === undefined) return end.apply(this, args);
      try {
        return meter.#time(account, () => end.apply(this, args));
      } finally {
        meter.recorded.add(account.spentMs);
      }
    };
  }

  #time(account: Account, call: () => unknown): unknown {
    account.isInside = true;
    const from = this.#now();
    try {
      return call();
    } finally {
      account.spentMs += this.#now() - from - this.clock.value;
      account.isInside = false;
    }
  }
}

function define(target: object, name: string, value: Method): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
