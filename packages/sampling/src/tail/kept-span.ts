import { type Attributes, createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { withThreshold } from '../ot-member.ts';
import { TELEMETRY } from '../semantic-names.ts';
import type { Verdict } from './local-trace.ts';
import type { TailSpan } from './tail-span.ts';

const { reason: REASON, key: KEY } = TELEMETRY.attributes;
/** What exporters read of a span besides what is changed. */
const COPIED = [
  'name',
  'kind',
  'parentSpanContext',
  'startTime',
  'endTime',
  'duration',
  'ended',
  'status',
  'links',
  'events',
  'resource',
  'instrumentationScope',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
] as const;

function contextOf(context: SpanContext, th: string | undefined): SpanContext {
  if (th === undefined) return context;
  const traceState = withThreshold(context.traceState ?? createTraceState(), th);
  return { ...context, traceFlags: context.traceFlags | TraceFlags.SAMPLED, traceState };
}

/**
 * A span as its verdict has it: sampled, at the threshold of its trace, with reason and key. A copy, since other processors
 * may hold the span itself, and exporting processors pass over unsampled ones. Marks of other stages (symbols) go with it.
 */
export function keptSpan(span: TailSpan, { reason, key, th }: Verdict): object {
  if (reason === 'normal') return span;
  const context = contextOf(span.spanContext(), th);
  const attributes: Attributes = { ...span.attributes, [REASON.name]: reason, [KEY.name]: key };
  const kept: Record<string | symbol, unknown> = { attributes, spanContext: (): SpanContext => context };
  const source = span as unknown as Readonly<Record<string | symbol, unknown>>;
  for (const property of COPIED) kept[property] = source[property];
  for (const mark of Object.getOwnPropertySymbols(span)) kept[mark] = source[mark];
  return kept;
}
