import type { Context, SpanContext } from '@opentelemetry/api';
import { type EventHandle, eventStream, formatTimestamp } from '@sonde/event-stream';
import { contextOf, reportFailure, sentIn } from '@sonde/instrumentation-kit';
import { stayIn } from '../chains/chain-context.ts';
import { TELEMETRY } from '../semantic-names.ts';
import { formatCauses, type SpanReference, spanIdWord } from './causes.ts';
import { type StampedSpan, stampSpan, startMsOf } from './stamp-span.ts';

/** Span names told apart; `_OTHER`, as the semantic conventions say, stands for the rest. Names are interned for ever. */
const MAX_NAMES = 1000;
const OTHER = '_OTHER';
/** By `SpanKind`. */
const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const { spanName: NAME, spanKind: KIND } = TELEMETRY.attributes;

/** What is needed of a span that has just started: those of SDK 2.x and 3.x both fit. */
export interface StartedSpan extends StampedSpan {
  readonly name: string;
  readonly kind: number;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly links: readonly { readonly context: SpanReference }[];
  spanContext(): SpanContext;
}

/** Handles by span name; within, by kind. One instance a thread's processor. */
export class SpanStartEvents {
  readonly #started: EventHandle = eventStream().event(TELEMETRY.events.spanStarted);
  readonly #byName = new Map<string, (EventHandle | undefined)[]>();

  /** Emits `sonde.span.started`, with its causes. */
  emit(span: StartedSpan, parentContext: Context): void {
    const handle = this.#handleOf(span.name, span.kind);
    if (!handle.enabled) return;
    const { parentSpanContext: parent } = span;
    const timeMs = startMsOf(span);
    const context = contextOf(span as unknown as Parameters<typeof contextOf>[0]);
    const high = parent === undefined ? Number.NaN : spanIdWord(parent.spanId, 0);
    const low = parent === undefined ? Number.NaN : spanIdWord(parent.spanId, 8);
    const text = causesOf(span, parentContext);
    if (text === '') handle.emit(timeMs, high, low, context);
    else handle.emitText({ text, timeMs, value: high, detail: low, context });
  }

  #handleOf(name: string, kind: number): EventHandle {
    return this.#byName.get(name)?.[kind] ?? this.#bind(name, kind);
  }

  #bind(name: string, kind: number): EventHandle {
    let known = this.#byName.get(name);
    if (known === undefined) {
      if (this.#byName.size >= MAX_NAMES && name !== OTHER) return this.#handleOf(OTHER, kind);
      known = new Array(KINDS.length);
      this.#byName.set(name, known);
    }
    const handle = this.#started.bind({ [NAME.name]: name, [KIND.name]: KINDS[kind] ?? OTHER });
    known[kind] = handle;
    return handle;
  }
}

/** What there is to tell beyond the parent: when a remote one sent, links, the stay in a chain that it is started in. */
function causesOf({ parentSpanContext: parent, links }: StartedSpan, parentContext: Context): string {
  const sent = parent?.isRemote === true ? sentIn(parentContext) : undefined;
  const stay = stayIn(parentContext);
  if (sent === undefined && stay === undefined && links.length === 0) return '';
  const contexts: SpanReference[] = links.map(({ context }) => context);
  if (stay !== undefined) contexts.push(stay);
  return formatCauses(sent && formatTimestamp(sent), contexts);
}

/** A part of somebody's span processor: `start(span, parentContext)` in its `onStart`. */
export interface SpanStarts {
  /** Stamps the span with the hybrid clock and emits `sonde.span.started`. Under a microsecond. Never throws. */
  start(span: StartedSpan, parentContext: Context): void;
}

/** For span processors that want to do it themselves; `CausalOrderSpanProcessor` is such a one. */
export function createSpanStarts(): SpanStarts {
  const events = new SpanStartEvents();
  const { clock } = eventStream();
  return {
    start(span, parentContext): void {
      try {
        stampSpan(span, clock);
        events.emit(span, parentContext);
      } catch (error) {
        reportFailure('causality.span', error);
      }
    },
  };
}
