import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import {
  AdaptiveSampler,
  type AdaptiveSamplerConfig,
  type TailSamplingConfig,
  TailSamplingSpanProcessor,
} from '../../src/index.ts';

/** A trace id whose randomness is `part` of the range. */
export function traceIdAt(part: number): string {
  const digits = Math.floor(part * 2 ** 48)
    .toString(16)
    .padStart(12, '0');
  return `${'1'.repeat(18)}${digits}00`;
}

/** The probability that an exported span says; NaN when it says none. */
export function probabilityOfSpan(span: {
  spanContext(): { traceState?: { get(key: string): string | undefined } };
}): number {
  const th = /^(?:.*;)?th:([0-9a-f]{1,14})/.exec(span.spanContext().traceState?.get('ot') ?? '')?.[1];
  return th === undefined ? Number.NaN : 1 - Number.parseInt(th.padEnd(14, '0'), 16) / 2 ** 56;
}

/** Something that takes what is kept. */
export class Collector {
  readonly spans: ReadableSpan[] = [];
  started = 0;
  flushes = 0;
  shutdowns = 0;
  onStart(): void {
    this.started += 1;
  }
  onEnd(span: object): void {
    this.spans.push(span as ReadableSpan);
  }
  forceFlush(): Promise<void> {
    this.flushes += 1;
    return Promise.resolve();
  }
  shutdown(): Promise<void> {
    this.shutdowns += 1;
    return Promise.resolve();
  }
  get names(): string[] {
    return this.spans.map(({ name }) => name);
  }
}

export interface ApplicationConfig {
  readonly sampler?: AdaptiveSamplerConfig;
  readonly tail?: Omit<TailSamplingConfig, 'next' | 'sampler'>;
  readonly next?: TailSamplingConfig['next'];
}

export interface RequestOptions {
  readonly part?: number;
  readonly isError?: boolean;
  readonly durationMs?: number;
  readonly children?: readonly string[];
  readonly attributes?: Record<string, string | number | boolean>;
}

/** Keeps one trace in a hundred, by rule. */
export const HUNDREDTH: AdaptiveSamplerConfig = { rules: [{ keep: { probability: 0.01 } }] };

/** The SDK with a sampler and a tail processor, under a clock that the test moves. */
export function application({
  sampler: samplerConfig = HUNDREDTH,
  tail: tailConfig = {},
  next,
}: ApplicationConfig = {}) {
  const ticks = new Set<() => void>();
  const clock = { ms: 1_000_000, traceId: traceIdAt(0.5) };
  let spanIds = 0;
  const environment = {
    now: (): number => clock.ms,
    random: (): number => 0.5,
    every: (callback: () => void): (() => void) => {
      ticks.add(callback);
      return () => ticks.delete(callback);
    },
  };
  const collector = new Collector();
  const sampler = new AdaptiveSampler(samplerConfig, environment);
  const tail = new TailSamplingSpanProcessor({ ...tailConfig, sampler, next: next ?? collector }, environment);
  const provider = new TracerProvider({
    sampler,
    spanProcessors: [tail],
    idGenerator: {
      generateTraceId: () => clock.traceId,
      generateSpanId: () => (++spanIds).toString(16).padStart(16, '0'),
    },
  });
  const tracer = provider.getTracer('test');
  const root = context.active();
  return {
    clock,
    collector,
    sampler,
    tail,
    provider,
    tracer,
    get timers(): number {
      return ticks.size;
    },
    /** Time passes, ticks included. */
    pass(ms: number): void {
      const until = clock.ms + ms;
      while (clock.ms < until) {
        const next = Math.min(until, 1000 * (Math.floor(clock.ms / 1000) + 1));
        clock.ms = next;
        if (next % 1000 === 0) for (const tick of [...ticks]) tick();
      }
    },
    begin(name: string, part = 0.5, attributes: RequestOptions['attributes'] = {}): Span {
      clock.traceId = traceIdAt(part);
      return tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, root);
    },
    below(parent: Span, name: string): Span {
      return tracer.startSpan(name, {}, trace.setSpan(root, parent));
    },
    request(name: string, { part, isError, durationMs = 1, children = [], attributes }: RequestOptions = {}): void {
      clock.traceId = traceIdAt(part ?? 0.5);
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, startTime: [100, 0], ...(attributes && { attributes }) },
        root,
      );
      for (const child of children) this.below(span, child).end();
      if (isError === true) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end([100, durationMs * 1e6]);
    },
  };
}
