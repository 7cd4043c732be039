import { type HrTime, SpanKind } from '@opentelemetry/api';
import type { BlameShare, LooseAttributes, TraceSpan } from './types.ts';

/** A moment as two exact numbers: the nanoseconds of the present do not fit one double. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

/** What is read of a link. */
export interface LinkFacts {
  readonly traceId: string;
  readonly spanId: string;
  /** It names who is to blame for a delay, not what the span follows from. */
  readonly isCulprit: boolean;
}

/** What is read of a span, whichever shape it has. */
export interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly start: Moment;
  readonly end: Moment;
  readonly links: readonly LinkFacts[];
  readonly isError: boolean;
  readonly attributes: LooseAttributes;
  readonly resource: LooseAttributes;
  readonly events: readonly unknown[];
}

/** Attribute prefix of what a span's duration is blamed on; values are seconds. */
const BLAME = 'sonde.blame.';
/** A link with this attribute names a culprit, not a cause of the span. */
const CULPRIT = 'sonde.blame.cause';
const ERROR = 2;
const BARE_METHOD = /^[A-Z]{3,10}$/;
const NANOS_PER_SECOND = 1e9;
const MAX_LINKS = 1024;
const MAX_NAME = 512;
/** Of the year 5138: beyond, it is no time. */
const MAX_SECONDS = 1e11;
const NO_ATTRIBUTES: LooseAttributes = {};

/** Undefined for what is no finished span. Never throws. */
export function readSpan(span: TraceSpan): SpanFacts | undefined {
  try {
    return factsOf(span);
  } catch {
    return undefined;
  }
}

function factsOf(span: TraceSpan): SpanFacts | undefined {
  const isSdk = 'spanContext' in span;
  const { traceId, spanId } = isSdk ? span.spanContext() : span;
  const parentSpanId = isSdk ? span.parentSpanContext?.spanId : span.parentSpanId;
  const start = momentOf(isSdk ? span.startTime : span.start);
  const end = momentOf(isSdk ? span.endTime : span.end);
  if (!isId(traceId) || !isId(spanId) || start === undefined || end === undefined) return undefined;
  // The SDK's end of a span that is still open.
  if (end.seconds === 0 && end.nanos === 0 && start.seconds > 0) return undefined;
  return {
    traceId,
    spanId,
    parentSpanId: isId(parentSpanId) ? parentSpanId : undefined,
    name: typeof span.name === 'string' && span.name !== '' ? span.name.slice(0, MAX_NAME) : '(unnamed)',
    kind: kindOf(span.kind),
    start,
    end,
    links: linksOf(span.links),
    isError: span.status?.code === ERROR,
    attributes: attributesOf(span.attributes),
    resource: attributesOf(span.resource?.attributes),
    events: Array.isArray(span.events) ? span.events : [],
  };
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && !/^0+$/.test(id);
}

function kindOf(kind: unknown): SpanKind {
  return typeof kind === 'number' && SpanKind[kind] !== undefined ? kind : SpanKind.INTERNAL;
}

function attributesOf(attributes: unknown): LooseAttributes {
  return typeof attributes === 'object' && attributes !== null ? (attributes as LooseAttributes) : NO_ATTRIBUTES;
}

/** Undefined for anything but epoch milliseconds or seconds and nanoseconds. */
export function momentOf(time: number | HrTime | undefined): Moment | undefined {
  if (typeof time === 'number') {
    const seconds = Math.floor(time / 1000);
    return momentFrom(seconds, (time - seconds * 1000) * 1e6);
  }
  return Array.isArray(time) ? momentFrom(time[0], time[1]) : undefined;
}

function momentFrom(seconds: unknown, nanos: unknown): Moment | undefined {
  if (typeof seconds !== 'number' || typeof nanos !== 'number') return undefined;
  const isTime = Math.abs(seconds) <= MAX_SECONDS && Math.abs(nanos) <= MAX_SECONDS;
  return isTime ? { seconds, nanos: Math.round(nanos) } : undefined;
}

/** Whole nanoseconds from second `origin` on: exact within 104 days of it. */
export function nanosSince(origin: number, { seconds, nanos }: Moment): number {
  return (seconds - origin) * NANOS_PER_SECOND + nanos;
}

function linksOf(links: unknown): LinkFacts[] {
  if (!Array.isArray(links) || links.length === 0) return [];
  const facts: LinkFacts[] = [];
  for (const link of links.slice(0, MAX_LINKS)) {
    const { context, attributes } = (link ?? {}) as { context?: Record<string, unknown>; attributes?: LooseAttributes };
    const { traceId, spanId } = context ?? {};
    if (isId(traceId) && isId(spanId)) facts.push({ traceId, spanId, isCulprit: attributes?.[CULPRIT] !== undefined });
  }
  return facts;
}

/** The value of an attribute; undefined where reading it throws. */
export function attributeOf(attributes: LooseAttributes, key: string): unknown {
  try {
    return attributes[key];
  } catch {
    return undefined;
  }
}

/** The names of all attributes; none where even that throws. */
export function keysOf(attributes: LooseAttributes): string[] {
  try {
    return Object.keys(attributes);
  } catch {
    return [];
  }
}

/** The causes that a span's attributes give, largest first. */
export function blameOf(attributes: LooseAttributes): BlameShare[] {
  const shares: BlameShare[] = [];
  for (const key of keysOf(attributes)) {
    const seconds = key.startsWith(BLAME) ? attributeOf(attributes, key) : undefined;
    if (typeof seconds === 'number' && seconds > 0) shares.push({ cause: key.slice(BLAME.length), seconds });
  }
  return shares.sort((a, b) => b.seconds - a.seconds);
}

/** The name of a span; of an HTTP span that is named by its method alone, with the path. */
export function labelOf({ name, attributes }: SpanFacts): string {
  if (!BARE_METHOD.test(name)) return name;
  const path = attributeOf(attributes, 'url.path') ?? pathOf(attributeOf(attributes, 'url.full'));
  return typeof path === 'string' && path !== '' ? `${name} ${path.slice(0, MAX_NAME)}` : name;
}

function pathOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).pathname : undefined;
}
