import { type BoundCounter, type BoundGauge, hotMetrics } from '@sonde/hot-metrics';
import { hotMetricsFrom, type InstrumentsOf } from '@sonde/instrumentation-kit';
import type { FallbackReason } from './fallbacks.ts';
import type { KeyTable } from './key-table.ts';
import type { RootDecision } from './root-decision.ts';
import { TELEMETRY } from './semantic-names.ts';

const OTHER = '(other)';

/** What is reported besides the keys. */
export interface ReportedState {
  readonly decision: RootDecision;
  readonly followed: { readonly kept: number; readonly dropped: number };
  readonly fallbacks: Readonly<Record<FallbackReason, number>>;
}

interface KeySeries {
  readonly kept: BoundCounter;
  readonly dropped: BoundCounter;
  readonly rate: BoundGauge;
  readonly probability: BoundGauge;
  /** The collection in which the key was met last. */
  round: number;
}

/**
 * Tells metrics what a sampler does, when they are collected and never in between. The first `metricKeys` keys that are
 * met get series of their own and keep them; the others are added up as `(other)`.
 */
export class SamplingMetrics {
  readonly #state: ReportedState;
  readonly #instruments: InstrumentsOf<typeof TELEMETRY.metrics>;
  readonly #series = new Map<string, KeySeries>();
  #round = 0;
  /** Stops reporting. */
  readonly close: () => void;

  constructor(state: ReportedState) {
    this.#state = state;
    this.#instruments = hotMetricsFrom(TELEMETRY);
    state.decision.engine.table.onEvict = (table, slot): void => this.#tell(table, slot);
    this.close = hotMetrics()
      .meter(TELEMETRY.scope, TELEMETRY.version)
      .observe(() => this.#report());
  }

  #report(): void {
    const { decision, followed, fallbacks } = this.#state;
    const { engine, config, mainPool } = decision;
    const instruments = this.#instruments;
    this.#round += 1;
    for (let slot = 0; slot < engine.table.slots; slot += 1) {
      if (engine.table.isUsed[slot] === 1) this.#reportSlot(engine.table, slot);
    }
    for (const series of this.#series.values()) if (series.round !== this.#round) series.rate.set(0);
    instruments.followed.bind({ 'sonde.sampling.decision': 'kept' }).advanceTo(followed.kept);
    instruments.followed.bind({ 'sonde.sampling.decision': 'dropped' }).advanceTo(followed.dropped);
    for (const [reason, count] of Object.entries(fallbacks)) {
      instruments.fallbacks.bind({ 'sonde.sampling.reason': reason }).advanceTo(count);
    }
    instruments.budget.bind({ 'sonde.sampling.unit': config.unit }).set(config.budget);
    instruments.level.bind({}).set(mainPool.level);
  }

  #reportSlot(table: KeyTable, slot: number): void {
    this.#tell(table, slot);
    const series = table.isShared(slot) ? undefined : this.#series.get(table.names[slot] as string);
    if (series === undefined) return;
    series.round = this.#round;
    series.rate.set(table.rate[slot] as number);
    series.probability.set(table.probability[slot] as number);
  }

  /** Adds what a slot counted since it was told last. */
  #tell(table: KeyTable, slot: number): void {
    const seen = (table.seen[slot] as number) - (table.toldSeen[slot] as number);
    if (seen === 0) return;
    const kept = (table.kept[slot] as number) - (table.toldKept[slot] as number);
    table.toldSeen[slot] = table.seen[slot] as number;
    table.toldKept[slot] = table.kept[slot] as number;
    const series = this.#seriesOf(table.isShared(slot) ? OTHER : (table.names[slot] as string));
    series.kept.add(kept);
    series.dropped.add(seen - kept);
  }

  #seriesOf(name: string): KeySeries {
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    const isFull = this.#series.size >= this.#state.decision.config.metricKeys;
    if (isFull && name !== OTHER) return this.#seriesOf(OTHER);
    const { traces, rate, probability } = this.#instruments;
    const key = { 'sonde.sampling.key': name };
    const series: KeySeries = {
      kept: traces.bind({ ...key, 'sonde.sampling.decision': 'kept' }),
      dropped: traces.bind({ ...key, 'sonde.sampling.decision': 'dropped' }),
      rate: rate.bind(key),
      probability: probability.bind(key),
      round: this.#round,
    };
    this.#series.set(name, series);
    return series;
  }
}
