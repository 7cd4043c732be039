import { type Context, context, isSpanContextValid, type Link, type SpanContext, trace } from '@opentelemetry/api';
import { checkIterable } from '../check-iterable.ts';
import { MAX_CAUSES } from '../order/causes.ts';

/**
 * Contexts that asked for one piece of work: a set without repetition of the spans that were active, the first 128 kept,
 * all counted.
 */
export class CauseSet {
  readonly #links = new Map<string, Link>();
  #count = 0;

  /** Different causes that have been added, those beyond the 128 included; repetitions beyond them count again. */
  get count(): number {
    return this.#count;
  }

  get links(): Link[] {
    return [...this.#links.values()];
  }

  /** The span that is active in a context; nothing when there is none. */
  addActive(active: Context = context.active()): void {
    const spanContext = trace.getSpanContext(active);
    if (spanContext !== undefined) this.add(spanContext);
  }

  add(spanContext: SpanContext): void {
    if (!isSpanContextValid(spanContext)) return;
    const key = `${spanContext.traceId}-${spanContext.spanId}`;
    if (this.#links.has(key)) return;
    this.#count += 1;
    if (this.#links.size < MAX_CAUSES) this.#links.set(key, { context: spanContext });
  }
}

/**
 * The `links` for a span whose work several spans have asked for: a batch consumer, a queue that is drained, a timer that
 * coalesces. Invalid ones and repetitions are left out, and what is beyond the first 128.
 *
 * @example tracer.startSpan('write rows', { root: true, links: linkCauses(rows.map((row) => row.spanContext)) })
 * @throws TypeError for what is no list
 */
export function linkCauses(spanContexts: Iterable<SpanContext | undefined>): Link[] {
  checkIterable('linkCauses', 'spanContexts', spanContexts);
  const causes = new CauseSet();
  for (const spanContext of spanContexts) if (spanContext !== undefined) causes.add(spanContext);
  return causes.links;
}
