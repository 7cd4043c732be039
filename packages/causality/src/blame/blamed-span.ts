import { type Attributes, type Link, TraceFlags } from '@opentelemetry/api';
import { CAUSES, topCause } from './causes.ts';
import { BLAME_ATTRIBUTES, CAUSE_ATTRIBUTES } from './semantic-names.ts';
import { summarize } from './summary.ts';
import type { Blame } from './sweep.ts';

/** A culprit that held the loop for less is not linked. */
const LINKED_FROM_MS = 1;
const { blameTop, blameSummary, blameCause, blameSeconds, blameRoute } = BLAME_ATTRIBUTES;

/** `ReadableSpan` of the SDK, structurally: what exporters read of a span. */
export interface EndedSpan {
  readonly name: unknown;
  readonly kind: unknown;
  readonly parentSpanContext?: unknown;
  readonly startTime: unknown;
  readonly endTime: unknown;
  readonly duration: unknown;
  readonly ended: unknown;
  readonly status: unknown;
  readonly events: unknown;
  readonly resource: unknown;
  readonly instrumentationScope: unknown;
  readonly droppedAttributesCount: unknown;
  readonly droppedEventsCount: unknown;
  readonly droppedLinksCount: unknown;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  spanContext(): object;
}

/**
 * A span with its blame. A copy, since a span cannot be changed once it has ended, and other processors may hold the span
 * itself. Marks of other stages (symbols) go with it.
 */
class BlamedSpan implements EndedSpan {
  readonly name: unknown;
  readonly kind: unknown;
  readonly parentSpanContext: unknown;
  readonly startTime: unknown;
  readonly endTime: unknown;
  readonly duration: unknown;
  readonly ended: unknown;
  readonly status: unknown;
  readonly events: unknown;
  readonly resource: unknown;
  readonly instrumentationScope: unknown;
  readonly droppedAttributesCount: unknown;
  readonly droppedEventsCount: unknown;
  readonly droppedLinksCount: unknown;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly #span: EndedSpan;

  constructor(span: EndedSpan, attributes: Attributes, links: readonly Link[]) {
    this.name = span.name;
    this.kind = span.kind;
    this.parentSpanContext = span.parentSpanContext;
    this.startTime = span.startTime;
    this.endTime = span.endTime;
    this.duration = span.duration;
    this.ended = span.ended;
    this.status = span.status;
    this.events = span.events;
    this.resource = span.resource;
    this.instrumentationScope = span.instrumentationScope;
    this.droppedAttributesCount = span.droppedAttributesCount;
    this.droppedEventsCount = span.droppedEventsCount;
    this.droppedLinksCount = span.droppedLinksCount;
    this.attributes = attributes;
    this.links = links;
    this.#span = span;
    const source = span as unknown as Readonly<Record<symbol, unknown>>;
    for (const mark of Object.getOwnPropertySymbols(span)) {
      (this as unknown as Record<symbol, unknown>)[mark] = source[mark];
    }
  }

  spanContext(): object {
    return this.#span.spanContext();
  }
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

/** A copy of a span that says what its time went into. */
export function blamedSpan(span: EndedSpan, { split, culprits }: Blame, maxLinks: number): object {
  const attributes: Attributes = { ...span.attributes };
  for (const cause of CAUSES) {
    if (split[cause] > 0 || cause === 'unexplained') attributes[CAUSE_ATTRIBUTES[cause].name] = split[cause] / 1000;
  }
  attributes[blameTop.name] = topCause(split);
  const summary = summarize(split, culprits);
  if (summary !== undefined) attributes[blameSummary.name] = summary;
  const links = culprits.filter(({ ms }) => ms >= LINKED_FROM_MS).slice(0, maxLinks);
  return new BlamedSpan(
    span,
    attributes,
    links.length === 0 ? span.links : [...(span.links ?? []), ...links.map(linkTo)],
  );
}
