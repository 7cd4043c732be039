import { type Attributes, type Link, TraceFlags } from '@opentelemetry/api';
import { CAUSES, topCause } from './causes.ts';
import { BLAME_ATTRIBUTES, CAUSE_ATTRIBUTES } from './semantic-names.ts';
import { summarize } from './summary.ts';
import type { Blame } from './sweep.ts';

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
  'events',
  'resource',
  'instrumentationScope',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
] as const;

/** A culprit that held the loop for less is not linked. */
const LINKED_FROM_MS = 1;
const { blameTop, blameSummary, blameCause, blameSeconds, blameRoute } = BLAME_ATTRIBUTES;

/** `ReadableSpan` of the SDK, as far as it is looked at. */
export interface EndedSpan {
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  spanContext(): object;
}

function attributesOf({ split, culprits }: Blame): Attributes {
  const attributes: Attributes = {};
  for (const cause of CAUSES) {
    if (split[cause] > 0 || cause === 'unexplained') attributes[CAUSE_ATTRIBUTES[cause].name] = split[cause] / 1000;
  }
  attributes[blameTop.name] = topCause(split);
  const summary = summarize(split, culprits);
  if (summary !== undefined) attributes[blameSummary.name] = summary;
  return attributes;
}

function linksOf({ culprits }: Blame, maxLinks: number): Link[] {
  return culprits
    .filter(({ ms }) => ms >= LINKED_FROM_MS)
    .slice(0, maxLinks)
    .map(({ culprit: { traceId, spanId, route }, ms }) => ({
      context: { traceId, spanId, traceFlags: TraceFlags.NONE },
      attributes: {
        [blameCause.name]: 'blocked_loop',
        [blameSeconds.name]: ms / 1000,
        ...(route === undefined ? {} : { [blameRoute.name]: route }),
      },
    }));
}

/**
 * A span with its blame. A copy, since a span cannot be changed once it has ended, and other processors may hold the span
 * itself. Marks of other stages (symbols) go with it.
 */
export function blamedSpan(span: EndedSpan, blame: Blame, maxLinks: number): object {
  const blamed: Record<string | symbol, unknown> = {
    attributes: { ...span.attributes, ...attributesOf(blame) },
    links: [...(span.links ?? []), ...linksOf(blame, maxLinks)],
    spanContext: (): object => span.spanContext(),
  };
  const source = span as unknown as Readonly<Record<string | symbol, unknown>>;
  for (const property of COPIED) blamed[property] = source[property];
  for (const mark of Object.getOwnPropertySymbols(span)) blamed[mark] = source[mark];
  return blamed;
}
