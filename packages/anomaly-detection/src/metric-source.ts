import { type HotMetricProducer, hotMetrics } from '@sonde/hot-metrics';
import { countDropped, reportFailure } from '@sonde/instrumentation-kit';
import type { Incidents } from './incidents/incidents.ts';
import { TELEMETRY } from './semantic-names.ts';
import type { MetricRecord, ScopeRecord } from './series/metric-data.ts';
import { MetricPlan, type PlanConfig } from './series/metric-plan.ts';
import type { LookEnd } from './series/series.ts';

/** Metrics that are read; an SDK has no more than that. */
const MOST_PLANS = 20_000;

/** Turns what the SDK collects into series, and has them judged at the end of each look. */
export class MetricSource {
  readonly #config: PlanConfig;
  readonly #incidents: Incidents;
  readonly #plans = new Map<string, MetricPlan>();
  /** Metrics by the record that described them last: records of SDKs are new at each look, descriptors are not. */
  readonly #byDescriptor = new WeakMap<object, MetricPlan>();
  readonly #foreign = new Set<string>();
  #hasLooked = false;

  constructor(config: PlanConfig, incidents: Incidents) {
    this.#config = config;
    this.#incidents = incidents;
  }

  /** Whether a metric of this name has come from another scope than ours. */
  isToldByOthers(name: string): boolean {
    return this.#foreign.has(name);
  }

  /** Takes in the metrics of one look. One that cannot be read costs the others nothing. */
  take(scopes: readonly ScopeRecord[], look: number): void {
    for (const { scope, metrics } of scopes) {
      for (const metric of metrics) {
        try {
          this.#takeMetric(scope.name, metric, look);
        } catch (error) {
          reportFailure('anomaly-detection.metric', error);
        }
      }
    }
    this.#hasLooked = true;
  }

  /** Judges all series. */
  finish(at: LookEnd): void {
    const { look, nowMs } = at;
    this.#config.turns.begin(look);
    for (const series of this.#config.table.values()) {
      try {
        series.finish(at);
        for (const subject of series.subjects) this.#incidents.look(subject, look, nowMs);
      } catch (error) {
        reportFailure('anomaly-detection.series', error);
      }
    }
  }

  #takeMetric(scope: string, metric: MetricRecord, look: number): void {
    const plan = this.#byDescriptor.get(metric.descriptor) ?? this.#findPlan(scope, metric);
    if (plan === undefined || plan.known.role === 'ignored') return;
    plan.take(metric, look, !this.#hasLooked);
  }

  #findPlan(scope: string, metric: MetricRecord): MetricPlan | undefined {
    const { name } = metric.descriptor;
    const key = `${scope}\0${name}\0${metric.dataPointType}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      if (this.#plans.size >= MOST_PLANS) {
        countDropped('anomaly-detection.metrics');
        return undefined;
      }
      plan = new MetricPlan(scope, metric, this.#config);
      this.#plans.set(key, plan);
      if (scope !== TELEMETRY.scope) this.#foreign.add(name);
    }
    this.#byDescriptor.set(metric.descriptor, plan);
    return plan;
  }
}

/**
 * Hot metrics, read beside the SDK. While nobody else reads them they are recorded into ordinary instruments, and come
 * through the SDK: a producer of ours would take them away from every other reader.
 */
export class HotMetricsTap {
  readonly #mode: 'auto' | 'always' | 'never';
  #producer: HotMetricProducer | undefined;

  constructor(mode: 'auto' | 'always' | 'never') {
    this.#mode = mode;
  }

  /** What came since the last look. */
  async collect(): Promise<readonly ScopeRecord[]> {
    this.#adapt();
    if (this.#producer === undefined) return [];
    const { resourceMetrics } = await this.#producer.collect();
    return resourceMetrics.scopeMetrics as readonly ScopeRecord[];
  }

  close(): void {
    this.#producer?.close();
    this.#producer = undefined;
  }

  #adapt(): void {
    const others = hotMetrics().statistics().producers - (this.#producer === undefined ? 0 : 1);
    const isWanted = this.#mode === 'always' || (this.#mode === 'auto' && others > 0);
    if (isWanted) this.#producer ??= hotMetrics().producer({ temporality: 'delta', since: 'now' });
    else this.close();
  }
}
