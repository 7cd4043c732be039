import { type Attributes, context, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { createRateLimit } from '@sonde/instrumentation-kit';
import type { Finished } from './reports.ts';
import { ATTRIBUTE } from './semantic-names.ts';

/** A disk that hangs makes every operation slow, and a flood of spans helps nobody. */
const LIMIT = { perSecond: 10, burst: 50 };
/** A wall clock that was set by more than this since the process started is followed. */
const CLOCK_STEP_MS = 50;

/** Epoch ms of a reading of `performance.now()`. */
function epochMs(timeMs: number): number {
  const byOrigin = performance.timeOrigin + timeMs;
  const byWallClock = Date.now() - performance.now() + timeMs;
  return Math.abs(byOrigin - byWallClock) > CLOCK_STEP_MS ? byWallClock : byOrigin;
}

/** Makes the span of an operation after the fact: child of the active span, with the true start and end. */
export type MakeSlowSpan = (finished: Finished, path: string | undefined) => void;

/** Creates the maker: at most 10 spans a second, 50 at once. */
export function createSlowSpans(tracer: () => Tracer): MakeSlowSpan {
  const limit = createRateLimit(LIMIT);
  return ({ row, startMs, endMs, code }, path) => {
    if (!limit.take(endMs)) return;
    const { operation, mount } = row;
    const attributes: Attributes = {
      [ATTRIBUTE.operation]: operation.name,
      [ATTRIBUTE.api]: operation.api,
      [ATTRIBUTE.mountpoint]: mount.mountpoint,
      [ATTRIBUTE.type]: mount.type,
    };
    if (path !== undefined) attributes[ATTRIBUTE.path] = path;
    if (code !== undefined) attributes[ATTRIBUTE.error] = code;
    const options = { startTime: epochMs(startMs), attributes };
    const span = tracer().startSpan(`vfs ${operation.name}`, options, context.active());
    if (code !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(epochMs(endMs));
  };
}
