import type { Attributes, AttributeValue, SpanKind } from '@opentelemetry/api';
import { NEVER, thresholdOf } from './threshold.ts';
import type { SamplingResult } from './types.ts';

/** Which traces a rule is about; each condition that is given must hold. Looked at for spans without a parent only. */
export interface SamplingRule {
  /** Said by `describe()`. Default: what the rule is about. */
  name?: string;
  /** The route, the path as it came, or the key of a `key` function: equal, or with a `*` at the end what it begins with. */
  route?: string;
  kind?: SpanKind;
  /** An attribute given when the span starts; without `value` it only has to be there. */
  attribute?: { key: string; value?: AttributeValue };
  /** `'always'`, `'never'`, one fixed part of them, or a budget of their own, in the unit of the sampler's. */
  keep: 'always' | 'never' | { probability: number } | { budget: number };
}

/** A rule ready to be asked. */
export interface CompiledRule {
  readonly name: string;
  /** At which threshold it keeps; undefined where the budget of its own decides. */
  readonly threshold: number | undefined;
  /** Index of the pool that pays: the main one, or its own. */
  readonly pool: number;
  readonly budget: number;
  readonly route: string | undefined;
  readonly isPrefix: boolean;
  readonly kind: SpanKind | undefined;
  readonly attributeKey: string | undefined;
  readonly attributeValue: AttributeValue | undefined;
  seen: number;
  kept: number;
  /** Of a trace that it keeps, made with the first. */
  result: SamplingResult | undefined;
}

function nameOf({ name, route, kind, attribute }: SamplingRule): string {
  if (name !== undefined) return name;
  const parts = [
    route === undefined ? [] : [route],
    kind === undefined ? [] : [`kind ${kind}`],
    attribute === undefined ? [] : [attribute.key],
  ].flat();
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

function thresholdFor(keep: SamplingRule['keep']): number | undefined {
  if (typeof keep === 'string') return keep === 'always' ? 0 : NEVER;
  return 'probability' in keep ? thresholdOf(keep.probability) : undefined;
}

/** Rules as given, ready to be asked in their order. Pools are numbered from 1 in the order of the rules that need one. */
export function compileRules(rules: readonly SamplingRule[]): CompiledRule[] {
  let pools = 0;
  return rules.map((rule) => {
    const own = typeof rule.keep === 'object' && 'budget' in rule.keep ? rule.keep.budget : undefined;
    if (own !== undefined) pools += 1;
    const isPrefix = rule.route?.endsWith('*') === true;
    return {
      name: nameOf(rule),
      threshold: thresholdFor(rule.keep),
      pool: own === undefined ? 0 : pools,
      budget: own ?? 0,
      route: isPrefix ? rule.route?.slice(0, -1) : rule.route,
      isPrefix,
      kind: rule.kind,
      attributeKey: rule.attribute?.key,
      attributeValue: rule.attribute?.value,
      seen: 0,
      kept: 0,
      result: undefined,
    };
  });
}

function hasRoute({ route, isPrefix }: CompiledRule, actual: string): boolean {
  if (route === undefined || actual === route) return true;
  if (!actual.startsWith(route)) return false;
  // A path may still carry its query.
  return isPrefix || actual.charCodeAt(route.length) === 63;
}

function hasAttribute({ attributeKey, attributeValue }: CompiledRule, attributes: Attributes): boolean {
  if (attributeKey === undefined) return true;
  if (!Object.hasOwn(attributes, attributeKey)) return false;
  return attributeValue === undefined || attributes[attributeKey] === attributeValue;
}

/** The first rule that is about such a trace. No allocation. */
export function matchRule(
  rules: readonly CompiledRule[],
  route: string,
  kind: SpanKind,
  attributes: Attributes,
): CompiledRule | undefined {
  for (let i = 0; i < rules.length; i += 1) {
    const rule = rules[i] as CompiledRule;
    if (rule.kind !== undefined && rule.kind !== kind) continue;
    if (hasRoute(rule, route) && hasAttribute(rule, attributes)) return rule;
  }
  return undefined;
}
