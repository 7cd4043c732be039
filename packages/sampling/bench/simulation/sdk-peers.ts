/**
 * Samplers of OpenTelemetry JS as they come from npm, under the virtual clock; what a remote service would answer is
 * injected, at the times when they would ask.
 */
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AWSXRayRemoteSampler } from '@opentelemetry/sampler-aws-xray';
import { createComposableProbabilitySampler, createCompositeSampler } from '@opentelemetry/sampler-composite';
import { JaegerRemoteSampler } from '@opentelemetry/sampler-jaeger-remote';
import { ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { Create } from './simulate.ts';

const ATTRIBUTES = {};
const NO_LINKS: never[] = [];
const PREFIX = '1'.repeat(18);
const DROPPED = 0;
/** A port on which nobody answers: what the samplers would fetch is handed to them. */
const NOWHERE = 'http://127.0.0.1:1';
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the samplers of this file decide from. */
type Deciding = Pick<Sampler, 'shouldSample'>;

export function operation(key: number): string {
  return `operation ${key}`;
}

function keeps(sampler: Deciding, key: number, randomness: string): boolean {
  const { decision } = sampler.shouldSample(
    ROOT_CONTEXT,
    PREFIX + randomness,
    operation(key),
    SpanKind.SERVER,
    ATTRIBUTES,
    NO_LINKS,
  );
  return decision !== DROPPED;
}

function fixed(name: string, probability: number, sampler: Deciding): Create {
  return () => ({
    name,
    offer: (key, randomness) => (keeps(sampler, key, randomness) ? 1 / probability : 0),
    tick: () => {},
  });
}

export const traceIdRatioBased = (probability: number): Create =>
  fixed('TraceIdRatioBased', probability, new TraceIdRatioBasedSampler(probability));

export const parentBased = (probability: number): Create =>
  fixed('ParentBased', probability, new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(probability) }));

export const composite = (probability: number): Create =>
  fixed('sampler-composite', probability, createCompositeSampler(createComposableProbabilitySampler(probability)));

/** Timers that keep no process alive, for a sampler that has no shutdown. */
function withoutLastingTimers<T>(create: () => T): T {
  const { setInterval: original } = globalThis;
  globalThis.setInterval = ((...args: Parameters<typeof original>) => original(...args).unref()) as typeof original;
  try {
    return create();
  } finally {
    globalThis.setInterval = original;
  }
}

/** sampler-jaeger-remote, and what hands it the strategies that it would fetch. */
export function createJaegerRemote(initial: number): {
  readonly sampler: Deciding;
  update(probabilities: ReadonlyMap<string, number>): void;
} {
  const sampler = withoutLastingTimers(
    () =>
      new JaegerRemoteSampler({
        endpoint: NOWHERE,
        serviceName: 'simulated',
        poolingInterval: MAX_TIMER_MS,
        initialSampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(initial) }),
      }),
  );
  const control = sampler as unknown as { _sampler: Sampler; convertSamplingResponseToSampler(reply: object): Sampler };
  return {
    sampler: sampler as Deciding,
    update: (probabilities): void => {
      control._sampler = control.convertSamplingResponseToSampler({
        strategyType: 'PROBABILISTIC',
        operationSampling: {
          defaultSamplingProbability: initial,
          perOperationStrategies: [...probabilities].map(([name, samplingRate]) => ({
            operation: name,
            probabilisticSampling: { samplingRate },
          })),
        },
      });
    },
  };
}

/**
 * sampler-jaeger-remote with Jaeger's adaptive engine on the other side: each minute p goes to p * target / measured rate
 * of the operation, growing by half at most and left alone within 30 % of the target.
 * @param goal traces a second for each operation
 * @param initial probability of an operation that the engine does not know yet
 */
export function jaegerRemote(goal: number, initial: number): Create {
  const pollSeconds = 60;
  return () => {
    const { sampler, update } = createJaegerRemote(initial);
    const kept = new Map<number, number>();
    const seen = new Set<number>();
    const probabilities = new Map<number, number>();
    const next = (key: number): number => {
      const probability = probabilities.get(key) ?? initial;
      const rate = (kept.get(key) ?? 0) / pollSeconds;
      const factor = rate === 0 ? 1.5 : Math.min(goal / rate, 1.5);
      return Math.abs(factor - 1) < 0.3 ? probability : Math.min(1, Math.max(1e-5, probability * factor));
    };
    const poll = (): void => {
      for (const key of seen) probabilities.set(key, next(key));
      kept.clear();
      update(new Map([...probabilities].map(([key, probability]) => [operation(key), probability])));
    };
    let second = 0;
    return {
      name: 'sampler-jaeger-remote',
      offer(key, randomness): number {
        seen.add(key);
        if (!keeps(sampler, key, randomness)) return 0;
        kept.set(key, (kept.get(key) ?? 0) + 1);
        // The spans say nothing of the probability, which changes each minute.
        return Number.NaN;
      },
      tick(): void {
        second += 1;
        if (second % pollSeconds === 0) poll();
      },
    };
  };
}

/** sampler-aws-xray with the default rule, and what hands it a reservoir of so many traces a second. */
export function createAwsXray(): {
  readonly sampler: AWSXRayRemoteSampler;
  update(goal: number, fixedRate: number): void;
} {
  const sampler = new AWSXRayRemoteSampler({ resource: emptyResource(), endpoint: NOWHERE, pollingInterval: 300 });
  const { internalXraySampler: control } = sampler as unknown as {
    internalXraySampler: { updateSamplingRules(reply: object): void; updateSamplingTargets(reply: object): void };
  };
  const everything = { ServiceName: '*', ServiceType: '*', Host: '*', HTTPMethod: '*', URLPath: '*', ResourceARN: '*' };
  const rule = { RuleName: 'Default', RuleARN: '*', Priority: 10_000, FixedRate: 0, ReservoirSize: 1, Version: 1 };
  control.updateSamplingRules({ SamplingRuleRecords: [{ SamplingRule: { ...rule, ...everything, Attributes: {} } }] });
  return {
    sampler,
    update: (goal, fixedRate): void => {
      const validUntil = Date.now() / 1000 + 3600;
      control.updateSamplingTargets({
        LastRuleModification: 0,
        SamplingTargetDocuments: [
          {
            RuleName: 'Default',
            FixedRate: fixedRate,
            Interval: 10,
            ReservoirQuota: goal,
            ReservoirQuotaTTL: validUntil,
          },
        ],
      });
    },
  };
}

/** sampler-aws-xray, to which the service gives the goal as its reservoir every 10 s. */
export function awsXray(goal: number): Create {
  return (startMs) => {
    const { now } = Date;
    let nowMs = startMs;
    Date.now = (): number => nowMs;
    const { sampler, update } = createAwsXray();
    update(goal, 0);
    let second = 0;
    return {
      name: 'sampler-aws-xray',
      offer(key, randomness, at): number {
        nowMs = at;
        return keeps(sampler, key, randomness) ? Number.NaN : 0;
      },
      tick(at): void {
        nowMs = at;
        second += 1;
        if (second % 10 === 0) update(goal, 0);
      },
      end(): void {
        Date.now = now;
        sampler.stopPollers();
      },
    };
  };
}
