import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { AdaptiveSampler } from '../../src/index.ts';

const TICK_MS = 20;
export const BUDGET = 400;

/** Traces kept in each second of the wall clock. */
export type KeptBySecond = Readonly<Record<string, number>>;

export interface Traffic {
  readonly sampler: AdaptiveSampler;
  /** Begins traces until then. */
  run(tracesPerSecond: number, untilMs: number): Promise<KeptBySecond>;
}

function traceId(): string {
  return Array.from({ length: 4 }, () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
}

/** A sampler and load for it: few keys that are busy and many that are not. */
export function traffic(): Traffic {
  const sampler = new AdaptiveSampler({ tracesPerSecond: BUDGET });
  return {
    sampler,
    run: (tracesPerSecond, untilMs) => {
      const kept: Record<string, number> = {};
      let begunMs = Date.now();
      return new Promise((resolve) => {
        const timer = setInterval(() => {
          const nowMs = Date.now();
          const count = Math.round((tracesPerSecond * (nowMs - begunMs)) / 1000);
          begunMs += (count / tracesPerSecond) * 1000;
          const second = Math.floor(nowMs / 1000);
          for (let i = 0; i < count; i += 1) {
            const name = `operation ${Math.floor(20 * Math.random() ** 3)}`;
            const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId(), name, SpanKind.SERVER, {});
            if (decision === 2) kept[second] = (kept[second] ?? 0) + 1;
          }
          if (nowMs < untilMs) return;
          clearInterval(timer);
          resolve(kept);
        }, TICK_MS);
      });
    },
  };
}
