import type { SampledSpan } from '../../src/index.ts';

let spans = 0;

/** A trace id whose last 14 digits are `randomness`. */
export function traceIdOf(randomness = 'f'.repeat(14)): string {
  spans += 1;
  return spans.toString(16).padStart(18, '0') + randomness;
}

/** A kept local root of `GET /`, 10 ms long, that stands for as many as `th` says; every part can be given. */
export function keptSpan(th: string | undefined, given: Partial<SampledSpan> = {}): SampledSpan {
  return {
    traceId: traceIdOf(),
    ot: th === undefined ? undefined : `th:${th}`,
    isLocalRoot: true,
    key: 'GET /',
    startMs: 0,
    durationMs: 10,
    isError: false,
    ...given,
  };
}
