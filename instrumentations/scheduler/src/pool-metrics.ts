import type { EventHandle } from '@sonde/event-stream';
import type { InstrumentsOf, LibuvPool } from '@sonde/instrumentation-kit';
import type { METRICS } from './metric-names.ts';
import { SlidingRate } from './sliding-rate.ts';

export interface PoolMetricsConfig {
  readonly pool: LibuvPool;
  readonly instruments: InstrumentsOf<typeof METRICS>;
  readonly event: EventHandle;
  readonly windowMs: number;
  /** A mean wait this long is an event. */
  readonly waitMs: number;
}

function bind(instruments: PoolMetricsConfig['instruments']) {
  return {
    size: instruments.poolSize.bind(),
    inFlight: instruments.poolInFlight.bind(),
    queued: instruments.poolQueued.bind(),
    wait: instruments.poolWait.bind(),
    operations: instruments.poolOperations.bind(),
    saturated: instruments.poolSaturatedTime.bind(),
    queueTime: instruments.poolQueueTime.bind(),
  };
}

/** Reports the account of the libuv pool. Of the main thread alone: the account is that of all threads. */
export class PoolMetrics {
  readonly #config: PoolMetricsConfig;
  readonly #handles: ReturnType<typeof bind>;
  readonly #wait: SlidingRate;
  #isWaitLong = false;

  constructor(config: PoolMetricsConfig) {
    this.#config = config;
    this.#handles = bind(config.instruments);
    this.#wait = new SlidingRate(config.windowMs);
  }

  observe(nowMs: number): void {
    const { size, inFlight, queued, operations, saturatedSeconds, queueSeconds } = this.#config.pool.snapshot();
    this.#handles.size.set(size);
    this.#handles.inFlight.set(inFlight);
    this.#handles.queued.set(queued);
    this.#handles.operations.advanceTo(operations);
    this.#handles.saturated.advanceTo(saturatedSeconds);
    this.#handles.queueTime.advanceTo(queueSeconds);
    const waitSeconds = this.#wait.to(nowMs, queueSeconds, operations) ?? 0;
    this.#handles.wait.set(waitSeconds);
    this.#tell(nowMs, waitSeconds, inFlight);
  }

  /** Once, and again only after it was half as long in between. */
  #tell(nowMs: number, waitSeconds: number, inFlight: number): void {
    const limitSeconds = this.#config.waitMs / 1000;
    if (!this.#isWaitLong && waitSeconds >= limitSeconds) {
      this.#isWaitLong = true;
      this.#config.event.emit(nowMs, waitSeconds, inFlight);
    } else if (waitSeconds < limitSeconds / 2) this.#isWaitLong = false;
  }
}
