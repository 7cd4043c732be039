import { type Attributes, createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { copySpan } from '@sonde/instrumentation-kit';
import { withThreshold } from '../ot-member.ts';
import { TELEMETRY } from '../semantic-names.ts';
import type { Verdict } from './local-trace.ts';
import type { TailSpan } from './tail-span.ts';

const { reason: REASON, key: KEY } = TELEMETRY.attributes;

function contextOf(context: SpanContext, th: string | undefined): SpanContext {
  if (th === undefined) return context;
  const traceState = withThreshold(context.traceState ?? createTraceState(), th);
  return { ...context, traceFlags: context.traceFlags | TraceFlags.SAMPLED, traceState };
}

/**
 * A span as its verdict has it: sampled, at the threshold of its trace, with reason and key. A copy, since other processors
 * may hold the span itself, and exporting processors pass over unsampled ones.
 */
export function keptSpan(span: TailSpan, { reason, key, th }: Verdict): object {
  if (reason === 'normal') return span;
  const attributes: Attributes = { ...span.attributes, [REASON.name]: reason, [KEY.name]: key };
  return copySpan(span, { attributes, spanContext: contextOf(span.spanContext(), th) });
}
