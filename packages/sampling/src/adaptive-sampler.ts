import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type SpanContext,
  type SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { everyUnref } from '@sonde/instrumentation-kit';
import type { AdaptiveSamplerConfig, AdaptiveSamplerEnvironment } from './config.ts';
import { describeDecision, type SamplerDescription } from './description.ts';
import { Fallbacks } from './fallbacks.ts';
import { demandOf, type ProcessDemand } from './fleet/demand.ts';
import { EMERGENCY_THRESHOLD, KeptResults } from './kept-results.ts';
import type { KeyStrategy } from './key-strategy.ts';
import { parseOtMember } from './ot-member.ts';
import { FOLLOW_DROPPED, FOLLOW_SAMPLED, followParent, hasThreshold } from './parent-decision.ts';
import { RecordTier, type TailAttachment } from './record-tier.ts';
import { RootDecision, type RootFacts } from './root-decision.ts';
import { SamplingMetrics } from './sampling-metrics.ts';
import { Settings } from './settings.ts';
import { isKept, NEVER, RANDOM_OFFSET } from './threshold.ts';
import { Ticker } from './ticker.ts';
import { type SamplingSpanProcessor, TraceAccounts } from './trace-account.ts';
import { Decision, type DecisionMeter, type SamplingIntent, type SamplingResult } from './types.ts';

const SHIFT = 8n;
const MAX_LEASE = 1e9;

/**
 * Keeps a budget of traces (or spans) a second, shared among the routes of the application, and writes the threshold from
 * which the true counts follow into every kept trace. Spans with a parent are decided as their parent was. One for each
 * tracer provider. A decision costs some two thirds of a TraceIdRatioBased one; dropping allocates nothing.
 *
 * @throws TypeError or RangeError at construction for a bad option; never afterwards
 */
export class AdaptiveSampler {
  readonly #settings: Settings;
  readonly #now: () => number;
  readonly #fallbacks = new Fallbacks();
  readonly #decision: RootDecision;
  readonly #kept: KeptResults;
  readonly #accounts: TraceAccounts;
  readonly #ticker: Ticker;
  readonly #followed = { kept: 0, dropped: 0 };
  readonly #tier = new RecordTier();
  /** Filled anew for each trace. */
  readonly #facts: RootFacts = { name: '', kind: 0, attributes: {}, context: undefined as unknown as Context };
  /**
   * Times some of the decisions; an overhead governor sets it.
   * @internal
   */
  meter: DecisionMeter | undefined = undefined;
  #metrics: SamplingMetrics | undefined;

  constructor(config: AdaptiveSamplerConfig = {}, environment: AdaptiveSamplerEnvironment = {}) {
    const { now = performance.now.bind(performance), random = Math.random, every = everyUnref } = environment;
    this.#settings = new Settings(config);
    this.#now = now;
    this.#decision = new RootDecision(this.#settings.filled, this.#fallbacks, { random, now });
    this.#kept = new KeptResults(this.#decision);
    this.#accounts = new TraceAccounts(this.#decision);
    this.#ticker = new Ticker(every, () => this.#plan());
  }

  // biome-ignore lint/complexity/useMaxParams: the signature of the SDK
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
  ): SamplingResult {
    const { meter } = this;
    if (meter === undefined || meter.skips()) return this.#decide(context, traceId, spanName, spanKind, attributes);
    meter.begin();
    const result = this.#decide(context, traceId, spanName, spanKind, attributes);
    meter.end(traceId, result.decision !== Decision.NOT_RECORD);
    return result;
  }

  // biome-ignore lint/complexity/useMaxParams: as above, and no object a decision
  #decide(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
  ): SamplingResult {
    let parent: SpanContext | undefined;
    try {
      parent = trace.getSpanContext(context);
      if (!this.#tier.isOff) this.#tier.decidedTraceId = traceId;
      if (parent !== undefined && isSpanContextValid(parent)) return this.#follow(parent, traceId, context);
      const facts = this.#begin(context, spanName, spanKind, attributes);
      if (!this.#decision.decides(facts, traceId)) {
        return this.#tier.isOff ? FOLLOW_DROPPED : this.#tier.root(this.#decision, traceId);
      }
      return this.#keep(traceId, this.#decision.threshold);
    } catch (error) {
      this.#fallbacks.report('internal_error', error);
      const isSampled = parent !== undefined && (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
      return isSampled ? FOLLOW_SAMPLED : FOLLOW_DROPPED;
    }
  }

  /**
   * The same as part of a `CompositeSampler` of `@opentelemetry/sampler-composite`, below its parent-threshold sampler:
   * decides as for a trace that begins here, whatever the parent.
   */
  // biome-ignore lint/complexity/useMaxParams: the signature of ComposableSampler
  getSamplingIntent(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
  ): SamplingIntent {
    try {
      const threshold = this.#decision.thresholdFor(this.#begin(context, spanName, spanKind, attributes));
      const { rv } = parseOtMember(trace.getSpanContext(context)?.traceState?.get('ot'));
      const isSampled = rv === '' ? isKept(threshold, traceId, RANDOM_OFFSET) : isKept(threshold, rv, 0);
      if (isSampled) this.#keep(traceId, threshold);
      return { threshold: BigInt(threshold) << SHIFT, thresholdReliable: threshold < NEVER };
    } catch (error) {
      this.#fallbacks.report('internal_error', error);
      return { threshold: BigInt(NEVER) << SHIFT, thresholdReliable: false };
    }
  }

  #begin(context: Context, name: string, kind: SpanKind, attributes: Attributes): RootFacts {
    const facts = this.#facts;
    facts.context = context;
    facts.name = typeof name === 'string' ? name : '';
    facts.kind = kind;
    facts.attributes = attributes;
    if (this.#ticker.work(this.#decision.config.planIntervalMs)) this.#resume();
    return facts;
  }

  #keep(traceId: string, threshold: number): SamplingResult {
    this.#decision.keep(this.#now());
    this.#accounts.kept(traceId);
    return this.#kept.resultFor(traceId, threshold);
  }

  #follow(parent: SpanContext, traceId: string, context: Context): SamplingResult {
    const isSampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    // A parent in this process was decided here: its threshold was looked at then.
    if (parent.isRemote !== true) {
      if (isSampled) return FOLLOW_SAMPLED;
      return this.#tier.isOff ? FOLLOW_DROPPED : this.#tier.child(context);
    }
    if (!isSampled) {
      this.#followed.dropped += 1;
      const followed = followParent(parent, traceId);
      return this.#tier.isOff ? followed : this.#tier.remoteChild(followed, parent, traceId, this.#decision.floor);
    }
    this.#followed.kept += 1;
    this.#decision.engine.advance(this.#now());
    this.#decision.mainPool.spendUnplanned(1);
    if (!hasThreshold(parent)) this.#fallbacks.report('parent_without_threshold');
    if (this.#ticker.work(this.#decision.config.planIntervalMs)) this.#resume();
    return followParent(parent, traceId);
  }

  /** The first trace, or the first after a rest. */
  #resume(): void {
    this.#plan();
    this.#metrics ??= new SamplingMetrics({
      decision: this.#decision,
      followed: this.#followed,
      fallbacks: this.#fallbacks.counts,
    });
  }

  #plan(): void {
    try {
      this.#decision.engine.plan(this.#now());
    } catch (error) {
      this.#fallbacks.report('internal_error', error);
    }
  }

  /**
   * A span processor that teaches this sampler routes, and, with `spansPerSecond`, how many spans a trace of each key has.
   * Put it beside the exporting one. Its shutdown ends the sampler's timer.
   */
  spanProcessor(): SamplingSpanProcessor {
    return this.#accounts.processor(() => this.shutdown());
  }

  /**
   * While true, no trace that begins here is kept with a probability above 1 %, rules and the coverage promise included;
   * thresholds say so, counts stay true. For when the process has no time or memory left. Off, it costs a property read.
   */
  get emergency(): boolean {
    return this.#decision.floor !== 0;
  }

  set emergency(isOn: boolean) {
    this.#decision.floor = isOn === true ? EMERGENCY_THRESHOLD : 0;
  }

  /**
   * The part of all traces that is recorded although it is not kept, 0 to 1, so that a tail processor can still keep it: a
   * trace is recorded or not by the same randomness that keeps it. Other values change nothing. 1 while a tail processor is
   * attached, else 0, until it is set. At 0 it costs a property read.
   */
  get recordFraction(): number {
    return this.#tier.fraction;
  }

  set recordFraction(fraction: number) {
    this.#tier.fraction = fraction;
  }

  /**
   * For the tail processor, which gets what is recorded. A later one takes the place of an earlier one.
   * @internal
   * @returns what it needs of the sampler, and the undo
   */
  attachTail(): TailAttachment {
    const decision = this.#decision;
    const tier = this.#tier;
    return { decision, tier, detach: tier.attach() };
  }

  /**
   * Changes settings from now on; those that are not given stay. What is known of the keys stays too.
   * @returns false when a value is bad: nothing is changed then, and it is said once
   */
  update(changes: AdaptiveSamplerConfig): boolean {
    try {
      this.#settings.change(changes);
    } catch (error) {
      this.#fallbacks.report('update_refused', error);
      return false;
    }
    this.#decision.reconfigure(this.#settings.filled, this.#now());
    this.#ticker.pause();
    return true;
  }

  /**
   * Holds another budget from now on, 0 to 1e9 in the unit of the configured one: a part of what a fleet may keep. What is
   * known of the keys stays, and so does the account. undefined goes back to the configured budget.
   * @returns false for another value: nothing is changed then
   */
  lease(budget: number | undefined): boolean {
    if (budget !== undefined && !(typeof budget === 'number' && budget >= 0 && budget <= MAX_LEASE)) return false;
    try {
      this.#decision.lease(budget);
      return true;
    } catch (error) {
      this.#fallbacks.report('internal_error', error);
      return false;
    }
  }

  /**
   * Takes probabilities, or a budget, from somebody else in place of its own plan; undefined ends it.
   * @internal
   */
  follow(strategy: KeyStrategy | undefined): void {
    this.#decision.follow(strategy);
  }

  /**
   * What this process has to carry, for sharing a budget among several.
   * @internal
   */
  demand(): ProcessDemand {
    return demandOf(this.#decision);
  }

  /** What the sampler is doing, key by key. Allocates; some 100 us with 1,000 keys. */
  describe(): SamplerDescription {
    return {
      ...describeDecision(this.#decision),
      followed: { ...this.#followed },
      fallbacks: { ...this.#fallbacks.counts },
    };
  }

  /** Ends the timer and the metrics. Decisions go on as they were planned last. */
  shutdown(): void {
    this.#ticker.close();
    this.#metrics?.close();
  }

  toString(): string {
    const { budget, unit } = this.#decision.config;
    return `AdaptiveSampler{${budget} ${unit}/s}`;
  }
}
