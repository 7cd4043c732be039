import { type Attributes, type Link, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { copySpan } from '@sonde/instrumentation-kit';
import { CAUSES, topCause } from './causes.ts';
import { BLAME_ATTRIBUTES, CAUSE_ATTRIBUTES } from './semantic-names.ts';
import { summarize } from './summary.ts';
import type { Blame } from './sweep.ts';

/** A culprit that held the loop for less is not linked. */
const LINKED_FROM_MS = 1;
const { blameTop, blameSummary, blameCause, blameSeconds, blameRoute } = BLAME_ATTRIBUTES;

/** `ReadableSpan` of the SDK, structurally, as far as a blame goes into it. */
export interface EndedSpan {
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  spanContext(): SpanContext;
}

function linkTo({ culprit: { traceId, spanId, route }, ms }: Blame['culprits'][number]): Link {
  return {
    context: { traceId, spanId, traceFlags: TraceFlags.NONE },
    attributes: {
      [blameCause.name]: 'blocked_loop',
      [blameSeconds.name]: ms / 1000,
      ...(route === undefined ? {} : { [blameRoute.name]: route }),
    },
  };
}

/** A copy of a span that says what its time went into; other processors may hold the span itself. */
export function blamedSpan(span: EndedSpan, { split, culprits }: Blame, maxLinks: number): object {
  const attributes: Attributes = { ...span.attributes };
  for (const cause of CAUSES) {
    if (split[cause] > 0 || cause === 'unexplained') attributes[CAUSE_ATTRIBUTES[cause].name] = split[cause] / 1000;
  }
  attributes[blameTop.name] = topCause(split);
  const summary = summarize(split, culprits);
  if (summary !== undefined) attributes[blameSummary.name] = summary;
  const links = culprits.filter(({ ms }) => ms >= LINKED_FROM_MS).slice(0, maxLinks);
  return copySpan(span, {
    attributes,
    links: links.length === 0 ? span.links : [...(span.links ?? []), ...links.map(linkTo)],
  });
}
