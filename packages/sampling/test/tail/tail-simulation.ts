/** Traffic through a sampler and its tail processor under a virtual clock, with spans that are no more than they must be. */
import {
  type Attributes,
  type Context,
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { type Chance, chance } from '../../bench/simulation/random.ts';
import { arrivals, type Workload } from '../../bench/simulation/workload.ts';
import { AdaptiveSampler, keepTrace, type TailDescription, TailSamplingSpanProcessor } from '../../src/index.ts';

/** What is counted and estimated, span by span. */
export const QUANTITIES = ['total', 'rare', 'errors', 'late', 'second', 'remote', 'reasons'] as const;
export type Quantity = (typeof QUANTITIES)[number];
export type Counts = Record<Quantity, { truth: number; estimated: number }>;

export interface TailRun {
  readonly counts: Counts;
  readonly tail: TailDescription;
  readonly exported: number;
  readonly promoted: number;
}

export interface TailRunOptions {
  readonly workload: Workload;
  readonly seed: number;
  /** Keys from this one on are rare. */
  readonly rareFrom: number;
  /** Part of the requests of a key that fail. */
  readonly errorShare: (key: number) => number;
  /** Changes settings while it runs, by the time alone. */
  readonly adjust?: (sampler: AdaptiveSampler, seconds: number) => void;
  readonly maxBytes: number;
}

const NO_ATTRIBUTES: Attributes = {};
const NO_EVENTS: never[] = [];
const UPSTREAM = { part: 0.2, th: 'cccccccccccd' };

class FakeSpan {
  readonly kind = SpanKind.SERVER;
  readonly attributes = NO_ATTRIBUTES;
  readonly events = NO_EVENTS;
  status = { code: SpanStatusCode.UNSET };
  duration: HrTime = [0, 0];
  readonly name: string;
  readonly parentSpanContext: SpanContext | undefined;
  readonly quantities: readonly Quantity[];
  readonly #context: SpanContext;

  constructor(name: string, context: SpanContext, parent: SpanContext | undefined, quantities: readonly Quantity[]) {
    this.name = name;
    this.#context = context;
    this.parentSpanContext = parent;
    this.quantities = quantities;
  }
  spanContext(): SpanContext {
    return this.#context;
  }
}

const parts = new Map<string, number>();

function adjustedCount(member: string | undefined): number {
  const th = /^th:([0-9a-f]{1,14})$/.exec(member ?? '')?.[1];
  if (th === undefined) throw new Error(`exported without a threshold: ${member}`);
  const known = parts.get(th);
  if (known !== undefined) return known;
  const count = 2 ** 56 / (2 ** 56 - Number.parseInt(th.padEnd(14, '0'), 16));
  parts.set(th, count);
  return count;
}

/** One run of the simulation: holds what is under way. */
class Simulation {
  readonly counts = Object.fromEntries(QUANTITIES.map((name) => [name, { truth: 0, estimated: 0 }])) as Counts;
  exported = 0;
  promoted = 0;
  nowMs = 0;
  readonly #due: (() => void)[][];
  #bucket = 0;
  readonly #chance: Chance;
  readonly #randomness: Chance;
  readonly #options: TailRunOptions;
  readonly ticks: (() => void)[] = [];
  readonly sampler: AdaptiveSampler;
  readonly tail: TailSamplingSpanProcessor;

  constructor(options: TailRunOptions) {
    this.#options = options;
    this.#chance = chance(options.seed ^ 0x2545f491);
    this.#randomness = chance(options.seed ^ 0x5bd1e995);
    this.#due = Array.from({ length: Math.ceil(options.workload.seconds * 100) + 1000 }, () => []);
    const environment = {
      now: (): number => this.nowMs,
      random: chance(options.seed ^ 0x1b873593).next,
      every: (callback: () => void): (() => void) => {
        this.ticks.push(callback);
        return (): void => {};
      },
    };
    this.sampler = new AdaptiveSampler({ tracesPerSecond: 80, maxKeys: 32 }, environment);
    const next = {
      onStart: (): void => {},
      onEnd: (span: object): void => this.#take(span as FakeSpan),
      forceFlush: (): Promise<void> => Promise.resolve(),
      shutdown: (): Promise<void> => Promise.resolve(),
    };
    this.tail = new TailSamplingSpanProcessor(
      { next, sampler: this.sampler, tracesPerSecond: 40, slowFloorMs: 20, minCount: 50, maxBytes: options.maxBytes },
      environment,
    );
  }

  #take(span: FakeSpan): void {
    const context = span.spanContext();
    if ((context.traceFlags & TraceFlags.SAMPLED) === 0) throw new Error('exported unsampled');
    const count = adjustedCount(context.traceState?.get('ot'));
    this.exported += 1;
    // What a wrapper does not carry on is found by its name.
    const quantities = span.quantities ?? this.#quantitiesOf.get(context.spanId) ?? [];
    if (span.quantities === undefined) this.promoted += 1;
    for (const quantity of quantities) this.counts[quantity].estimated += count;
  }

  readonly #quantitiesOf = new Map<string, readonly Quantity[]>();
  #spanIds = 0;

  /** A span, started if it is recorded; else undefined. What it counts as is true either way. */
  start(name: string, over: Context, quantities: readonly Quantity[], traceId: string): FakeSpan | undefined {
    for (const quantity of quantities) this.counts[quantity].truth += 1;
    const parent = trace.getSpanContext(over);
    const { decision, traceState } = this.sampler.shouldSample(over, traceId, name, SpanKind.SERVER, NO_ATTRIBUTES);
    if (decision === 0) return undefined;
    this.#spanIds += 1;
    const spanId = this.#spanIds.toString(16).padStart(16, '0');
    const traceFlags = decision === 2 ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const state: TraceState | undefined = traceState ?? parent?.traceState;
    const context: SpanContext = { traceId, spanId, traceFlags, ...(state && { traceState: state }) };
    const span = new FakeSpan(name, context, parent, quantities);
    this.#quantitiesOf.set(spanId, quantities);
    this.tail.onStart(span as never, over);
    return span;
  }

  end(span: FakeSpan | undefined, durationMs: number): void {
    if (span === undefined) return;
    span.duration = [0, durationMs * 1e6];
    this.tail.onEnd(span);
  }

  after(ms: number, work: () => void): void {
    this.#due[Math.min(this.#due.length - 1, Math.floor((this.nowMs + ms) / 10) + 1)]!.push(work);
  }

  /** Lets time pass. */
  until(ms: number): void {
    for (; this.#bucket * 10 <= ms && this.#bucket < this.#due.length; this.#bucket += 1) {
      this.nowMs = this.#bucket * 10;
      for (const work of this.#due[this.#bucket]!) work();
      if (this.#bucket % 100 !== 0) continue;
      for (const tick of this.ticks) tick();
      this.#options.adjust?.(this.sampler, this.nowMs / 1000);
    }
    this.nowMs = Math.max(this.nowMs, ms);
  }

  /** Some traces come from elsewhere, decided there. */
  #origin(traceId: string, randomness: string): { over: Context; isRemote: boolean } {
    if (this.#chance.next() >= 0.1) return { over: ROOT_CONTEXT, isRemote: false };
    const isSampled = randomness.slice(0, 12) >= UPSTREAM.th;
    const parent: SpanContext = { traceId, spanId: 'f'.repeat(16), isRemote: true, traceFlags: isSampled ? 1 : 0 };
    const traceState = createTraceState(`ot=th:${UPSTREAM.th}`);
    const remote = isSampled ? { ...parent, traceState } : parent;
    return { over: trace.setSpanContext(ROOT_CONTEXT, remote), isRemote: true };
  }

  /** A request: a span, a child that may end late, and at times a second request of the same trace. */
  request(key: number): void {
    const { rareFrom, errorShare } = this.#options;
    const randomness = this.#randomness.randomness();
    const traceId = '1'.repeat(18) + randomness;
    const { over, isRemote } = this.#origin(traceId, randomness);
    const isError = this.#chance.next() < errorShare(key);
    const isMarked = this.#chance.next() < 0.01;
    const isLate = this.#chance.next() < 0.05;
    const hasSecond = this.#chance.next() < 0.05;
    const durationMs = 15 * Math.exp(0.7 * this.#chance.normal());
    const hasReason = isError || isMarked;
    const base: Quantity[] = ['total'];
    if (key >= rareFrom) base.push('rare');
    if (isRemote) base.push('remote');
    const name = `operation ${key}`;
    const root = this.start(name, over, [...base, ...(hasReason ? (['reasons'] as const) : [])], traceId);
    if (isError) this.counts.errors.truth += 1;
    if (root !== undefined && isError) {
      root.status = { code: SpanStatusCode.ERROR };
      this.#quantitiesOf.set(root.spanContext().spanId, [...root.quantities, 'errors']);
      (root as { quantities: readonly Quantity[] }).quantities = [...root.quantities, 'errors'];
    }
    const inside = root === undefined ? undefined : trace.setSpan(over, root as never);
    if (isMarked && inside !== undefined) keepTrace(inside);
    // A child of a dropped span is dropped, and counts all the same.
    const none = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'e'.repeat(16), traceFlags: 0 });
    const child = this.start(`${name} child`, inside ?? none, isLate ? ['total', 'late'] : ['total'], traceId);
    if (isLate) this.after(durationMs + 1500, () => this.end(child, durationMs + 1500));
    else this.after(durationMs / 2, () => this.end(child, durationMs / 2));
    this.after(durationMs, () => this.end(root, durationMs));
    if (hasSecond) this.after(durationMs / 3, () => this.#second(traceId, root, isError));
  }

  /** A service in between calls back: another local root of the same trace. */
  #second(traceId: string, first: FakeSpan | undefined, isError: boolean): void {
    const { traceFlags = 0, traceState } = first?.spanContext() ?? {};
    const parent = { traceId, spanId: 'd'.repeat(16), isRemote: true, traceFlags, ...(traceState && { traceState }) };
    const span = this.start('second', trace.setSpanContext(ROOT_CONTEXT, parent), ['total', 'second'], traceId);
    if (span !== undefined && isError) span.status = { code: SpanStatusCode.ERROR };
    this.after(5, () => this.end(span, 5));
  }
}

export async function simulateTail(options: TailRunOptions): Promise<TailRun> {
  const simulation = new Simulation(options);
  arrivals(options.workload, chance(options.seed), (t, key) => {
    simulation.until(t * 1000);
    simulation.request(key);
  });
  simulation.until(options.workload.seconds * 1000 + 9000);
  await simulation.tail.shutdown();
  simulation.sampler.shutdown();
  const { counts, exported, promoted } = simulation;
  return { counts, exported, promoted, tail: simulation.tail.describe() };
}
