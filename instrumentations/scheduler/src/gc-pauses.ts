import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { EventHandle } from '@sonde/event-stream';
import type { BoundHistogram } from '@sonde/hot-metrics';
import { guarded, type InstrumentsOf, noteThreadWait } from '@sonde/instrumentation-kit';
import type { METRICS } from './metric-names.ts';

/** V8 has a fifth kind that perf_hooks gives no name: a minor collection by the mark-sweep collector. */
const MINOR_MARK_SWEEP = 2;

const TYPES: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [MINOR_MARK_SWEEP]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** A collection as perf_hooks tells it. */
export interface GcEntry {
  readonly startTime: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly detail?: unknown;
}

export interface GcPausesConfig {
  readonly instrument: InstrumentsOf<typeof METRICS>['gcDuration'];
  readonly event: EventHandle;
  /** A collection this long is an event. */
  readonly pauseMs: number;
}

/** Records each garbage collection. */
export class GcPauses {
  readonly #config: GcPausesConfig;
  readonly #histograms = new Map<string, BoundHistogram>();
  readonly #observer: PerformanceObserver;

  constructor(config: GcPausesConfig) {
    this.#config = config;
    this.#observer = new PerformanceObserver(
      guarded('scheduler.gc', (list) => {
        // BAD: getEntries()[0]: collections that follow each other closely come in one callback.
        for (const entry of list.getEntries()) this.record(entry);
      }),
    );
  }

  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  record({ startTime, duration, detail }: GcEntry): void {
    const kind = (detail as { kind?: unknown } | undefined)?.kind;
    const type = TYPES[Number(kind)] ?? 'other';
    this.#histogram(type).record(duration / 1000);
    noteThreadWait('gc', startTime, startTime + duration);
    if (duration < this.#config.pauseMs) return;
    this.#config.event.bind({ 'v8js.gc.type': type }).emit(startTime + duration, duration / 1000);
  }

  #histogram(type: string): BoundHistogram {
    let histogram = this.#histograms.get(type);
    if (histogram === undefined) {
      histogram = this.#config.instrument.bind({ 'v8js.gc.type': type });
      this.#histograms.set(type, histogram);
    }
    return histogram;
  }
}
