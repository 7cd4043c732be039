import { type Attributes, type Context, context, type Link, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { NextSpanProcessor } from '@sonde/instrumentation-kit';
import { noteThreadWait } from '@sonde/instrumentation-kit';
import type { BlameConfig } from '../../src/blame/blame-config.ts';
import { CausalitySpanProcessor } from '../../src/blame/causality-span-processor.ts';

/** What comes out at the end of the chain. */
export interface Exported {
  readonly name: string;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly duration: readonly [number, number];
  readonly ended: boolean;
  spanContext(): ReturnType<Span['spanContext']>;
}

export class Collecting implements NextSpanProcessor {
  readonly spans: Exported[] = [];
  started = 0;
  flushed = 0;
  isShut = false;

  onStart(): void {
    this.started += 1;
  }

  onEnd(span: object): void {
    this.spans.push(span as Exported);
  }

  async forceFlush(): Promise<void> {
    this.flushed += 1;
  }

  async shutdown(): Promise<void> {
    this.isShut = true;
  }
}

/** A loop of which the test says when it turns, and a clock that it sets. */
export class World {
  readonly next: Collecting;
  readonly processor: CausalitySpanProcessor;
  readonly tracer: ReturnType<TracerProvider['getTracer']>;
  /** Far from the real clock: what is noted here cannot be mixed up with what the process notes of itself. */
  nowMs = 1e8;
  isTurning = false;
  #atTurnEnd: (() => void)[] = [];

  constructor(config: Partial<BlameConfig> = {}) {
    this.next = new Collecting();
    this.processor = new CausalitySpanProcessor(
      { next: this.next, ...config },
      {
        now: () => this.nowMs,
        epochNow: () => this.nowMs,
        atTurnEnd: (callback) => this.#atTurnEnd.push(callback),
        keepTurning: () => {
          this.isTurning = true;
          return () => {
            this.isTurning = false;
          };
        },
      },
    );
    this.tracer = new TracerProvider({ spanProcessors: [this.processor as never] }).getTracer('blame.test');
  }

  start(name: string, parent: Context = ROOT_CONTEXT, options: object = {}): { span: Span; active: Context } {
    const span = this.tracer.startSpan(name, { startTime: new Date(this.nowMs), ...options }, parent);
    return { span, active: trace.setSpan(parent, span) };
  }

  /** A collection of a millisecond, now. */
  collect(): void {
    noteThreadWait('gc', this.nowMs, this.nowMs + 1);
  }

  end(span: Span): void {
    span.end(new Date(this.nowMs));
  }

  /** The event loop comes to the end of a turn. */
  turn(): void {
    for (const callback of this.#atTurnEnd.splice(0)) context.with(ROOT_CONTEXT, callback);
  }

  exported(name: string): Exported {
    const found = this.next.spans.find((span) => span.name === name);
    if (found === undefined) throw new Error(`${name} was not exported`);
    return found;
  }

  /** Milliseconds of each cause. */
  blame(name: string): Record<string, number> {
    const entries = Object.entries(this.exported(name).attributes)
      .filter(([key, value]) => key.startsWith('sonde.blame.') && typeof value === 'number')
      .map(([key, value]) => [key.slice('sonde.blame.'.length), Math.round(Number(value) * 1e6) / 1e3]);
    return Object.fromEntries(entries);
  }
}
