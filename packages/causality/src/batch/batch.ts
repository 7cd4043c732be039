import { types } from 'node:util';
import { type Attributes, context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { checkOptionNames, guard, show } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';
import { CauseSet } from './link-causes.ts';

const { name: CAUSES } = TELEMETRY.attributes.causes;

/** Options of {@link createBatch}. */
export interface BatchConfig {
  /** Name of the span that each run makes. */
  readonly name: string;
  /** Default: internal; `SpanKind.CONSUMER` for messages. */
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Default: the global provider's, asked at each run. */
  readonly tracer?: Tracer;
}

/** Work that many ask for and that is done at once. */
export interface Batch<Item> {
  /** Items that wait for the next run. */
  readonly size: number;
  /** Adds an item, and remembers the span that is active now as one that asked for it. */
  add(item: Item): void;
  /**
   * Does the work on the items added so far: in a span of its own, the root of a new trace, with links to the spans that
   * asked for it (the first 128 different ones; the attribute `sonde.batch.causes` counts them all). The span is active in
   * `work`, and ends when it returns or when the promise that it returns settles; an error is recorded, and is the caller's.
   * Items added meanwhile wait for the next run.
   */
  run<T>(work: (items: Item[], span: Span) => T): T;
}

function fail(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : String(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Ends the span when the work is done; the caller gets what the work returns, rejects with or throws. */
function endWith<T>(span: Span, work: () => T): T {
  const end = (): void => guard('causality.batch', () => span.end(), undefined);
  const failWith = (error: unknown): never => {
    guard('causality.batch', () => fail(span, error), undefined);
    throw error;
  };
  let result: T;
  try {
    result = work();
  } catch (error) {
    return failWith(error);
  }
  // Promises only: `then` of something else (a query builder) may be what starts its work, a second time.
  if (!types.isPromise(result)) {
    end();
    return result;
  }
  return result.then((value) => {
    end();
    return value;
  }, failWith) as T;
}

class CausedBatch<Item> implements Batch<Item> {
  readonly #config: BatchConfig;
  #items: Item[] = [];
  #causes = new CauseSet();

  constructor(config: BatchConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    this.#items.push(item);
    guard('causality.batch', () => this.#causes.addActive(), undefined);
  }

  run<T>(work: (items: Item[], span: Span) => T): T {
    const items = this.#items;
    const causes = this.#causes;
    this.#items = [];
    this.#causes = new CauseSet();
    const { name, kind = SpanKind.INTERNAL, attributes, tracer } = this.#config;
    const { scope, version } = TELEMETRY;
    const links = causes.links;
    const span = (tracer ?? trace.getTracer(scope, version)).startSpan(name, {
      root: true,
      kind,
      links,
      attributes: { ...attributes, [CAUSES]: causes.count },
    });
    const inside = trace.setSpan(context.active(), span);
    return endWith(span, () => context.with(inside, () => work(items, span)));
  }
}

function refuse(option: string, rule: string, value: unknown): never {
  throw new TypeError(`createBatch: ${option} must be ${rule}, got ${show(value)}`);
}

/**
 * Keeps items that are worked on together, and who asked for each: for queues, batch consumers and timers that coalesce.
 * @throws TypeError for a bad option, or an unknown one
 */
export function createBatch<Item>(config: BatchConfig): Batch<Item> {
  checkOptionNames('createBatch', config, ['name', 'kind', 'attributes', 'tracer']);
  const { name, kind, attributes, tracer } = config;
  if (typeof name !== 'string' || name === '') refuse('name', 'a string that is not empty', name);
  if (kind !== undefined && (typeof kind !== 'number' || SpanKind[kind] === undefined))
    refuse('kind', 'a SpanKind', kind);
  if (attributes !== undefined && (typeof attributes !== 'object' || attributes === null)) {
    refuse('attributes', 'an object', attributes);
  }
  if (tracer !== undefined && typeof tracer?.startSpan !== 'function') refuse('tracer', 'a Tracer', tracer);
  return new CausedBatch(config);
}
