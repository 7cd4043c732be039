/**
 * What exporting costs the event-loop thread. The call of `export` (serialisation, mostly) is timed each
 * time. What follows on the same thread (writing to the socket, reading the answer: half as much again for OTLP over
 * HTTP) cannot be told from the application's work by timers; it is what the loop was active for beyond its usual share
 * while the answer was waited for: `active - utilisation * waited`, right on average, and averaged over many calls.
 */
import { BatchCostEstimate } from './cost-estimate.ts';

/** Longer waits say nothing: the application did most of what was done. */
const LONGEST_WAIT_MS = 100;
/** First guesses per span, in milliseconds, that weigh as much as this many spans. */
const SYNC_MS = 6e-3;
const AFTER_MS = 2e-3;
const GUESSED_SPANS = 32;

/** What is metered of a `SpanExporter` of the SDK, structurally. */
export interface MeteredExporter {
  export(spans: readonly never[], onResult: (result: never) => void): void;
}

/** `performance.eventLoopUtilization()`, and what has passed since an earlier one. */
export interface LoopTime {
  readonly idle: number;
  readonly active: number;
  readonly utilization: number;
}

export interface ExportMeterEnvironment {
  readonly now: () => number;
  readonly loopTime: (since?: LoopTime) => LoopTime;
  /** The usual utilisation of the loop, 0 to 1. */
  readonly utilization: () => number;
}

export class ExportMeter {
  spans = 0;
  calls = 0;
  readonly #sync = new BatchCostEstimate(SYNC_MS, GUESSED_SPANS);
  readonly #after = new BatchCostEstimate(AFTER_MS, GUESSED_SPANS);
  readonly #environment: ExportMeterEnvironment;

  constructor(environment: ExportMeterEnvironment) {
    this.#environment = environment;
  }

  /** Milliseconds of the event-loop thread for each span. */
  get perSpanMs(): number {
    return this.#sync.value + this.#after.value;
  }

  /** The same exporter, metered. What it throws or returns passes through. */
  wrap<E extends object>(exporter: E): E {
    const inner = exporter as unknown as MeteredExporter;
    const metered = (spans: readonly never[], onResult: (result: never) => void): void =>
      this.#export(inner, spans, onResult);
    // Methods must see the exporter itself: classes with private fields refuse any other `this`. The target is an empty
    // object: of a frozen one a proxy may not show another `export`.
    return new Proxy(Object.create(Object.getPrototypeOf(exporter)) as E, {
      get: (_, key) => (key === 'export' ? metered : memberOf(exporter, key)),
      has: (_, key) => Reflect.has(exporter, key),
      set: (_, key, value) => Reflect.set(exporter, key, value, exporter),
    });
  }

  #export(exporter: MeteredExporter, spans: readonly never[], onResult: (result: never) => void): void {
    const { now, loopTime } = this.#environment;
    const count = Array.isArray(spans) ? spans.length : 0;
    this.calls += 1;
    this.spans += count;
    let returned: LoopTime | undefined;
    const from = now();
    try {
      exporter.export(spans, (result) => {
        if (returned !== undefined) this.#waited(loopTime(returned), count);
        onResult(result);
      });
    } finally {
      // The first call loads what it needs: no later one is like it.
      if (this.calls > 1) this.#sync.add(now() - from, count);
      returned = loopTime();
    }
  }

  #waited(time: LoopTime, count: number): void {
    const waitedMs = time.idle + time.active;
    if (waitedMs > LONGEST_WAIT_MS) return;
    this.#after.add(time.active - this.#environment.utilization() * waitedMs, count);
  }
}

function memberOf(exporter: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(exporter, key, exporter);
  return typeof value === 'function' && key !== 'constructor' ? value.bind(exporter) : value;
}
