import type { Attributes, Context, SpanKind } from '@opentelemetry/api';
import type { BudgetPool } from './budget-pool.ts';
import type { ResolvedConfig } from './config.ts';
import { Engine } from './engine.ts';
import type { Fallbacks } from './fallbacks.ts';
import { type KeyFunction, KeySource } from './key-source.ts';
import type { KeyStrategy } from './key-strategy.ts';
import { type CompiledRule, compileRules, matchRule } from './rules.ts';
import { isKept, NEVER, RANDOM_OFFSET } from './threshold.ts';

/** No slot: a rule decided. */
export const NO_SLOT = -1;
/** More than can be spent: given probabilities hold, whatever they cost. */
const NO_BUDGET = 1e9;

/** Decides about traces that begin here: which key, which rule, which threshold. Holds the last decision. */
export class RootDecision {
  engine: Engine;
  rules: readonly CompiledRule[];
  config: ResolvedConfig;
  readonly keys: KeySource;
  /** Of the last {@link decides}: the slot, or {@link NO_SLOT}. */
  slot: number = NO_SLOT;
  /** Of the last {@link decides}: the rule that fits. */
  rule: CompiledRule | undefined;
  /** No trace is kept at a threshold below this one; 0 but in an emergency. */
  floor = 0;
  /** Whose probabilities hold, if somebody else decides. */
  strategy: KeyStrategy | undefined;
  /** What the main budget is at present in place of the configured one. */
  leased: number | undefined;
  #pool = 0;
  readonly #fallbacks: Fallbacks;
  readonly #now: () => number;

  constructor(config: ResolvedConfig, fallbacks: Fallbacks, environment: { random: () => number; now: () => number }) {
    this.config = config;
    this.#fallbacks = fallbacks;
    this.keys = new KeySource(environment.random);
    this.rules = compileRules(config.rules);
    this.#now = environment.now;
    this.engine = this.#createEngine(environment.now());
  }

  get mainPool(): BudgetPool {
    return this.engine.pools[0] as BudgetPool;
  }

  #createEngine(nowMs: number): Engine {
    const own = this.rules.filter(({ threshold }) => threshold === undefined).map(({ budget }) => budget);
    const engine = new Engine({ ...this.config, budgets: [this.leased ?? this.config.budget, ...own] }, nowMs);
    engine.strategy = this.strategy;
    return engine;
  }

  /** Takes other settings; what is known of the keys stays. */
  reconfigure(config: ResolvedConfig, nowMs: number): void {
    const before = this.engine;
    this.config = config;
    this.rules = compileRules(config.rules);
    this.engine = this.#createEngine(nowMs);
    this.engine.table.onEvict = before.table.onEvict;
    this.engine.adopt(before);
  }

  /** Does what somebody else decides, from now on; undefined ends it. */
  follow(strategy: KeyStrategy | undefined): void {
    this.strategy = strategy;
    this.engine.strategy = strategy;
    this.lease(strategy === undefined ? undefined : (strategy.budget ?? NO_BUDGET));
  }

  /** Sets the goal of the main budget; undefined goes back to the configured one. */
  lease(budget: number | undefined): void {
    this.leased = budget;
    this.engine.lease(0, budget ?? this.config.budget, this.#now());
  }

  /** Whether a trace that begins here is kept; {@link threshold} says at which threshold. No allocation once its key has a slot. */
  decides(facts: RootFacts, traceId: string): boolean {
    if (!this.#choose(facts)) return isKept(this.threshold, traceId, RANDOM_OFFSET);
    if (!this.engine.decides(this.slot, traceId, RANDOM_OFFSET)) return false;
    return this.floor === 0 || isKept(this.floor, traceId, RANDOM_OFFSET);
  }

  /** The threshold for a trace, whether it reaches it or not. */
  thresholdFor(facts: RootFacts): number {
    if (!this.#choose(facts)) return this.threshold;
    return Math.max(this.engine.thresholdFor(this.slot), this.floor);
  }

  /** Of the last trace that {@link decides} kept. */
  get threshold(): number {
    const threshold = this.slot === NO_SLOT ? (this.rule?.threshold ?? NEVER) : this.engine.threshold;
    return Math.max(threshold, this.floor);
  }

  /** Finds rule and slot and counts the arrival; false when the rule alone decides. */
  #choose(facts: RootFacts): boolean {
    this.#readKey(facts);
    this.rule = undefined;
    this.#pool = 0;
    if (this.rules.length > 0 && !this.#applyRules(facts)) return false;
    const { engine, keys } = this;
    const slot = engine.slotOf(keys.high, keys.low, this.#pool);
    if (engine.table.names[slot] === '') this.#name(slot);
    this.slot = slot;
    if (engine.arrive(slot)) engine.look(slot, this.#now());
    return true;
  }

  #name(slot: number): void {
    this.engine.table.names[slot] = this.keys.describe();
    this.engine.named(slot);
  }

  #applyRules({ kind, attributes }: RootFacts): boolean {
    const rule = matchRule(this.rules, this.keys.route, kind, attributes);
    this.rule = rule;
    if (rule === undefined) return true;
    rule.seen += 1;
    this.#pool = rule.pool;
    this.slot = NO_SLOT;
    if (rule.threshold !== undefined) return false;
    this.keys.divert(rule.pool);
    return true;
  }

  /** The last decision ended in a kept trace. */
  keep(nowMs: number): void {
    if (this.rule !== undefined) this.rule.kept += 1;
    if (this.slot !== NO_SLOT) {
      this.engine.keep(this.slot, nowMs);
      return;
    }
    this.engine.advance(nowMs);
    this.mainPool.spendUnplanned(1);
  }

  #readKey(facts: RootFacts): void {
    const custom = this.config.key === undefined ? undefined : this.#customKey(this.config.key, facts);
    if (custom === undefined) this.keys.read(facts.name, facts.kind, facts.attributes);
    else this.keys.readCustom(custom);
  }

  /** Reads the key of a trace whose first span has ended, and may say its route now. Counts nothing. */
  readEnded(facts: RootFacts): void {
    const custom = this.config.key === undefined ? undefined : this.#customKey(this.config.key, facts);
    if (custom === undefined) this.keys.readEnded(facts.name, facts.kind, facts.attributes);
    else this.keys.readCustom(custom);
  }

  #customKey(key: KeyFunction, { name, attributes, kind, context }: RootFacts): string | undefined {
    try {
      const custom: unknown = key(name, attributes, kind, context);
      if (typeof custom === 'string') return custom;
      if (custom instanceof Promise) custom.catch(() => {});
      if (custom !== undefined) this.#fallbacks.report('key_invalid');
    } catch (error) {
      this.#fallbacks.report('key_threw', error);
    }
    return undefined;
  }
}

/** What the key and the rules of a trace are made from. */
export interface RootFacts {
  name: string;
  kind: SpanKind;
  attributes: Attributes;
  context: Context;
}
