import { type Attributes, type Context, type Span, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { guarded } from '@sonde/instrumentation-kit';
import { NO_SLOT, type RootDecision } from './root-decision.ts';

const ACCOUNT: unique symbol = Symbol.for('sonde.sampling.account') as never;
/** Weight of the latest trace in the spans per trace of a key. */
const COST_WEIGHT = 0.1;

/** One kept trace, as far as this process sees it. */
interface Account {
  readonly slot: number;
  readonly generation: number;
  /** Spans that were paid for when it was decided. */
  readonly paid: number;
  spans: number;
  isOver: boolean;
}

/** A span as the SDK hands it to processors; structurally, since the types of SDK 2 and 3 differ. */
interface ProcessedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parentSpanContext?: { readonly isRemote?: boolean | undefined } | undefined;
  [ACCOUNT]?: Account | undefined;
}

/** `SpanProcessor` of the SDK, structurally. */
export interface SamplingSpanProcessor {
  onStart(span: Span, parentContext: Context): void;
  onEnd(span: object): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

function isLocalRoot({ parentSpanContext }: ProcessedSpan): boolean {
  return parentSpanContext === undefined || parentSpanContext.isRemote === true;
}

/** Teaches the sampler what it cannot know when a span starts: the route, and how many spans a trace of a key has. */
export class TraceAccounts {
  readonly #decision: RootDecision;
  /** The last kept trace that began here: its first span starts next. */
  #rootTraceId = '';
  #rootSlot = NO_SLOT;

  constructor(decision: RootDecision) {
    this.#decision = decision;
  }

  /** Told of each kept trace before its first span starts. */
  kept(traceId: string): void {
    this.#rootTraceId = traceId;
    this.#rootSlot = this.#decision.slot;
  }

  /** @param onShutdown called with the provider's shutdown */
  processor(onShutdown: () => void): SamplingSpanProcessor {
    return {
      onStart: guarded('sampling.onStart', (span: Span, parentContext: Context) => this.#start(span, parentContext)),
      onEnd: guarded('sampling.onEnd', (span: object) => this.#end(span as ProcessedSpan)),
      forceFlush: (): Promise<void> => Promise.resolve(),
      shutdown: (): Promise<void> => {
        onShutdown();
        return Promise.resolve();
      },
    };
  }

  #start(span: Span, parentContext: Context): void {
    if (!Object.isExtensible(span)) return;
    const started = span as unknown as ProcessedSpan;
    const parent = isLocalRoot(started) ? undefined : trace.getSpan(parentContext);
    started[ACCOUNT] = parent === undefined ? this.#open(span) : (parent as unknown as ProcessedSpan)[ACCOUNT];
  }

  #open(span: Span): Account | undefined {
    const { table } = this.#decision.engine;
    const { traceId, traceFlags } = span.spanContext();
    // Recorded only: whoever keeps it after all pays from another budget.
    if ((traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
    const isOwn = traceId === this.#rootTraceId;
    const slot = isOwn ? this.#rootSlot : NO_SLOT;
    const generation = slot === NO_SLOT ? 0 : (table.generation[slot] as number);
    const paid = slot === NO_SLOT ? 1 : (table.cost[slot] as number);
    return { slot, generation, paid, spans: 0, isOver: false };
  }

  #end(span: ProcessedSpan): void {
    const isRoot = isLocalRoot(span);
    if (isRoot && span.kind === SpanKind.SERVER) this.#learnRoute(span);
    const account = span[ACCOUNT];
    if (account === undefined || this.#decision.config.unit !== 'spans') return;
    account.spans += 1;
    if (account.isOver) this.#decision.mainPool.spendUnplanned(1);
    else if (isRoot) this.#settle(account);
  }

  #learnRoute({ name, kind, attributes }: ProcessedSpan): void {
    const { engine, keys, config } = this.#decision;
    if (config.key !== undefined) return;
    const former = keys.learn(name, kind, attributes);
    if (former === undefined) return;
    const slot = engine.table.find(former.high, former.low);
    if (slot < 0 || engine.table.find(keys.high, keys.low) >= 0) return;
    engine.table.rename(slot, keys.high, keys.low);
    engine.table.names[slot] = keys.describe();
  }

  /** The trace is over here: what it really cost is paid, and the next of its key estimated better. */
  #settle(account: Account): void {
    account.isOver = true;
    const { engine, mainPool } = this.#decision;
    const { table } = engine;
    const { slot, generation, spans, paid } = account;
    if (slot === NO_SLOT || slot >= table.slots || table.generation[slot] !== generation) {
      mainPool.spendUnplanned(spans - paid);
      return;
    }
    engine.pools[table.pool[slot] as number]?.spend(spans - paid);
    table.cost[slot] = (table.cost[slot] as number) + COST_WEIGHT * (spans - (table.cost[slot] as number));
  }
}
