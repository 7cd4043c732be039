import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { AdaptiveSampler, type AdaptiveSamplerConfig } from '@sonde/sampling';
import type { SimulatedSampler } from './simulate.ts';

const ATTRIBUTES = {};
const PREFIX = '1'.repeat(18);

/** What a kept trace counts for, read from its tracestate as anybody else would. */
function adjustedCount(member: string | undefined): number {
  const th = /^th:([0-9a-f]{1,14})$/.exec(member ?? '')?.[1];
  if (th === undefined) throw new Error(`kept without a threshold: ${member}`);
  return 2 ** 56 / (2 ** 56 - Number.parseInt(th.padEnd(14, '0'), 16));
}

/** The sampler itself, through its public methods, under the virtual clock. */
export function adaptive(
  config: AdaptiveSamplerConfig,
): (nowMs: number, random: () => number) => SimulatedSampler & { readonly sampler: AdaptiveSampler } {
  return (startMs, random) => {
    let nowMs = startMs;
    let tick = (): void => {};
    const names: string[] = [];
    const counts = new WeakMap<object, number>();
    const sampler = new AdaptiveSampler(config, {
      random,
      now: () => nowMs,
      every: (callback) => {
        tick = callback;
        return (): void => {
          tick = (): void => {};
        };
      },
    });
    return {
      name: 'AdaptiveSampler',
      sampler,
      offer(key, randomness, now): number {
        nowMs = now;
        names[key] ??= `operation ${String.fromCharCode(97 + (key % 26))}${key}`;
        const name = names[key];
        const result = sampler.shouldSample(ROOT_CONTEXT, PREFIX + randomness, name, SpanKind.SERVER, ATTRIBUTES);
        if (result.decision === 0) return 0;
        let count = counts.get(result);
        if (count === undefined) {
          count = adjustedCount(result.traceState?.get('ot'));
          counts.set(result, count);
        }
        return count;
      },
      tick(now): void {
        nowMs = now;
        tick();
      },
    };
  };
}
