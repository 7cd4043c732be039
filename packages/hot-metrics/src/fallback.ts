import type { Meter, MeterProvider, Observable } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import { beginRecording, type FallbackInstrument } from './handles.ts';
import type { InstrumentDefinition } from './options.ts';
import { SECONDS_BOUNDARIES } from './options.ts';
import { type Reports, reasonOf } from './reports.ts';
import type { ThreadMemory, ThreadSeries } from './thread-memory.ts';

/** Name of the observable that never reports a value: its callback is how a foreign reader's collection is noticed. */
const COLLECTION_HOOK = 'sonde.hot_metrics.collection';

/** What decides where handles record. */
export interface RouteParts {
  readonly memory: ThreadMemory;
  readonly reports: Reports;
  readonly clock: Clock;
  /** Runs the `observe` callbacks. */
  readonly sample: () => Promise<void> | undefined;
}

interface Hook {
  readonly meter: Meter;
  readonly observable: Observable;
  readonly callback: () => Promise<void> | undefined;
}

/**
 * Points every handle at its cells, or, while nobody collects the cells and a MeterProvider was given, at an ordinary
 * instrument of that provider. What was recorded stays where it landed: nothing is copied, so nothing is counted twice.
 */
export class FallbackRoute {
  readonly #parts: RouteParts;
  readonly #instruments = new Map<InstrumentDefinition, FallbackInstrument | null>();
  #provider: MeterProvider | undefined;
  #collectors = 0;
  #isNative = true;
  #hook: Hook | undefined;

  constructor(parts: RouteParts) {
    this.#parts = parts;
  }

  /** A producer or another thread collects the cells from now on; the returned function takes it back, once. */
  addCollector(): () => void {
    this.#collectors++;
    this.#update();
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#collectors--;
      this.#update();
    };
  }

  useMeterProvider(provider: MeterProvider | undefined): void {
    if (provider === this.#provider) return;
    this.#unhook();
    this.#instruments.clear();
    this.#provider = provider;
    this.#isNative = true;
    this.#update(true);
  }

  /** Points a new handle at where handles record now. */
  route(series: ThreadSeries): void {
    const target = this.#isNative ? null : this.#instrumentOf(series.definition);
    series.handle.fallback = target;
    if (target === null) beginRecording(series.handle, this.#parts.clock.now());
  }

  #update(isForced = false): void {
    const isNative = this.#collectors > 0 || this.#provider === undefined;
    if (isNative === this.#isNative && !isForced) return;
    this.#isNative = isNative;
    if (!isNative) this.#announce();
    for (const series of this.#parts.memory.series) this.route(series);
  }

  #announce(): void {
    this.#installHook();
    this.#parts.reports.infoOnce(
      'fallback',
      'hot-metrics: no reader has a hot-metrics producer, so values are recorded into ordinary OpenTelemetry instruments of the given MeterProvider',
    );
  }

  #instrumentOf(definition: InstrumentDefinition): FallbackInstrument | null {
    let instrument = this.#instruments.get(definition);
    if (instrument === undefined) {
      instrument = this.#guard(() => createInstrument(this.#provider, definition)) ?? null;
      this.#instruments.set(definition, instrument);
    }
    return instrument;
  }

  #installHook(): void {
    if (this.#hook !== undefined) return;
    this.#hook = this.#guard(() => {
      const meter = this.#provider?.getMeter('@sonde/hot-metrics');
      if (meter === undefined) return undefined;
      const observable = meter.createObservableGauge(COLLECTION_HOOK);
      const callback = () => (this.#isNative ? undefined : this.#parts.sample());
      meter.addBatchObservableCallback(callback, [observable]);
      return { meter, observable, callback };
    });
  }

  #unhook(): void {
    const hook = this.#hook;
    this.#hook = undefined;
    if (hook !== undefined)
      this.#guard(() => hook.meter.removeBatchObservableCallback(hook.callback, [hook.observable]));
  }

  #guard<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#parts.reports.warnOnce('provider', `hot-metrics: the given MeterProvider failed: ${reasonOf(error)}`);
      return undefined;
    }
  }
}

function createInstrument(
  provider: MeterProvider | undefined,
  { scope, version, name, kind, unit, description, boundaries, exponential }: InstrumentDefinition,
): FallbackInstrument | undefined {
  const meter = provider?.getMeter(scope, version);
  const options = { unit, description };
  switch (kind) {
    case 'counter':
      return meter?.createCounter(name, options);
    case 'updowncounter':
      return meter?.createUpDownCounter(name, options);
    case 'gauge':
      return meter?.createGauge(name, options);
    case 'histogram': {
      const explicitBucketBoundaries = [...(exponential === undefined ? boundaries : SECONDS_BOUNDARIES)];
      return meter?.createHistogram(name, { ...options, advice: { explicitBucketBoundaries } });
    }
  }
}
