import type { MeterProvider } from '@opentelemetry/api';
import { InstrumentationBase } from '@opentelemetry/instrumentation';
import { hotMetrics } from '@sonde/hot-metrics';
import { warnOnce } from '@sonde/instrumentation-kit';
import { resolveConfig } from './config.ts';
import { type Scheduler, startScheduler } from './scheduler.ts';
import { TELEMETRY } from './semantic-names.ts';
import type { LongTurn, SchedulerInstrumentationConfig } from './types.ts';

/**
 * OpenTelemetry instrumentation of what schedules a Node.js process: the event loop and what blocks it, garbage
 * collection, the libuv pool, and the threads, pressure and CPU quota that Linux tells about.
 *
 * Fields are declared, not initialised, and none is `#private`: the base constructor calls `enable()` before they
 * would exist.
 * @throws TypeError, RangeError on a bad option
 */
export class SchedulerInstrumentation extends InstrumentationBase<SchedulerInstrumentationConfig> {
  declare private scheduler: Scheduler | undefined;

  constructor(config: SchedulerInstrumentationConfig = {}) {
    resolveConfig(config);
    super(TELEMETRY.scope, TELEMETRY.version, config);
  }

  /** Built-ins are patched in place by `enable`; there is no module to wait for. */
  protected override init(): void {}

  /** Starts observing. Does nothing while this or another instance observes this thread. */
  override enable(): void {
    super.enable();
    if (this.scheduler !== undefined) return;
    try {
      this.scheduler = startScheduler(resolveConfig(this.getConfig()), () => this.tracer);
    } catch (error) {
      // `setConfig` takes anything; here an application is starting, which must not fail.
      warnOnce('scheduler.config', `scheduler: stays off: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Ends the watcher, the observers and the ledger, and puts every patched function back. */
  override disable(): void {
    super.disable();
    this.scheduler?.stop();
    this.scheduler = undefined;
  }

  /** Where no reader has a producer of hot metrics, they are recorded into instruments of this provider. */
  override setMeterProvider(meterProvider: MeterProvider): void {
    super.setMeterProvider(meterProvider);
    hotMetrics().useMeterProvider(meterProvider);
  }

  /**
   * The long turns of this thread's event loop that overlap a time window, oldest first; at most `maxLongTurns` are kept.
   * @param since epoch milliseconds, by default the beginning
   * @param until epoch milliseconds, exclusive, by default now
   */
  longTurns(since?: number, until?: number): LongTurn[] {
    return this.scheduler?.longTurns(since, until) ?? [];
  }
}
