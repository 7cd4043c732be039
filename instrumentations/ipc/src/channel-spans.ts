import { type Attributes, type Context, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { isSuppressed, type RateLimit, reportFailure } from '@sonde/instrumentation-kit';
import type { ChannelNames } from './channels.ts';
import type { Surroundings } from './part.ts';
import { ATTRIBUTE } from './semantic-names.ts';

/** Makes the spans of one channel. No method throws. */
export interface ChannelSpans {
  startSend(active: Context): Span | undefined;
  /** Times are of the epoch; by default it is now. */
  startProcess(active: Context, waitMs: number, startEpochMs?: number): Span | undefined;
  end(span: Span, error: string | undefined, endEpochMs?: number): void;
  /** A span after the fact, child of what is active in `active`; at most 10 a second. */
  slow(operation: 'send' | 'process', startMs: number, endMs: number, active: Context): void;
}

/** Kinds and names, by operation. */
const KIND = { send: SpanKind.PRODUCER, process: SpanKind.CONSUMER } as const;
const FAILURE = 'ipc.spans';

function attributesOf({ system, destination }: ChannelNames, operation: string): Attributes {
  return {
    [ATTRIBUTE.system]: system,
    [ATTRIBUTE.destination]: destination,
    [ATTRIBUTE.operation]: operation,
    [ATTRIBUTE.operationType]: operation,
  };
}

function endSpan(span: Span, error: string | undefined, endTime?: number): void {
  try {
    if (error !== undefined) span.setAttribute(ATTRIBUTE.error, error).setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  } catch (failure) {
    reportFailure(FAILURE, failure);
  }
}

/** Creates the maker; one that makes none when `spans` is off. */
export function createSpans(
  names: ChannelNames,
  { config, tracer, limit }: Pick<Surroundings, 'config' | 'tracer'> & { readonly limit: RateLimit },
): ChannelSpans {
  const start = (
    operation: 'send' | 'process',
    active: Context,
    more?: Attributes,
    startTime?: number,
  ): Span | undefined => {
    if (!config.spans || isSuppressed()) return undefined;
    try {
      const attributes = { ...attributesOf(names, operation), ...more };
      const options = { kind: KIND[operation], attributes, ...(startTime === undefined ? {} : { startTime }) };
      return tracer().startSpan(`${operation} ${names.destination}`, options, active);
    } catch (failure) {
      reportFailure(FAILURE, failure);
      return undefined;
    }
  };
  return {
    startSend: (active) => start('send', active),
    startProcess(active, waitMs, startEpochMs): Span | undefined {
      const wait = waitMs >= 0 ? { [ATTRIBUTE.wait]: waitMs / 1000 } : undefined;
      return start('process', active, wait, startEpochMs);
    },
    end: endSpan,
    slow(operation, startMs, endMs, active): void {
      if (!limit.take(endMs)) return;
      const epochMs = Date.now() - performance.now();
      const span = start(operation, active, undefined, epochMs + startMs);
      if (span !== undefined) endSpan(span, undefined, epochMs + endMs);
    },
  };
}
