import { type Attributes, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { AdaptiveSampler, type AdaptiveSamplerConfig, type SamplingResult } from '../src/index.ts';

/** A sampler under a clock that the test moves. */
export interface Driven {
  readonly sampler: AdaptiveSampler;
  nowMs: number;
  readonly timers: number;
  /** Begins `count` traces of an operation, evenly over `seconds`; returns how many were kept. */
  run(name: string, count: number, seconds: number): number;
  root(name: string, attributes?: Attributes, kind?: SpanKind): SamplingResult;
}

/** Trace ids whose last 56 bits step through the whole range evenly (golden ratio), so that tests are exact. */
export function traceIds(): () => string {
  let x = 0;
  return () => {
    x = (x + 0.6180339887498949) % 1;
    const high = Math.floor(x * 2 ** 28);
    return `${'1'.repeat(18)}${high.toString(16).padStart(7, '0')}8000000`;
  };
}

export function driven(config: AdaptiveSamplerConfig = {}, startMs = 1_000_000): Driven {
  const nextId = traceIds();
  const timers = new Set<() => void>();
  let untilTick = 0;
  const clock = { ms: startMs };
  const sampler = new AdaptiveSampler(config, {
    now: () => clock.ms,
    random: () => 0.5,
    every: (callback, ms) => {
      timers.add(callback);
      untilTick = ms;
      return () => timers.delete(callback);
    },
  });
  const self: Driven = {
    sampler,
    get nowMs() {
      return clock.ms;
    },
    set nowMs(ms) {
      clock.ms = ms;
    },
    get timers() {
      return timers.size;
    },
    run(name, count, seconds) {
      let kept = 0;
      let nextTick = self.nowMs + untilTick;
      for (let i = 0; i < count; i += 1) {
        self.nowMs += (seconds * 1000) / count;
        if (timers.size > 0 && self.nowMs >= nextTick) {
          for (const tick of [...timers]) tick();
          nextTick += untilTick;
        }
        if (self.root(name).decision === 2) kept += 1;
      }
      return kept;
    },
    root: (name, attributes = {}, kind = SpanKind.SERVER) =>
      sampler.shouldSample(ROOT_CONTEXT, nextId(), name, kind, attributes),
  };
  return self;
}
