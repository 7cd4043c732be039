import type { MeterProvider } from '@opentelemetry/api';
import { InstrumentationBase } from '@opentelemetry/instrumentation';
import { hotMetrics } from '@sonde/hot-metrics';
import { warnOnce } from '@sonde/instrumentation-kit';
import { resolveConfig } from './config.ts';
import { type Ipc, startIpc } from './ipc.ts';
import { TELEMETRY } from './semantic-names.ts';
import type { IpcInstrumentationConfig } from './types.ts';

/**
 * OpenTelemetry instrumentation of messages between threads and processes: worker threads, message ports, child
 * processes, pipes and unix sockets. Traces cross them without a change to any message that user code sees.
 *
 * Fields are declared, not initialised, and none is `#private`: the base constructor calls `enable()` before they
 * would exist.
 * @throws TypeError, RangeError on a bad option
 */
export class IpcInstrumentation extends InstrumentationBase<IpcInstrumentationConfig> {
  declare private ipc: Ipc | undefined;

  constructor(config: IpcInstrumentationConfig = {}) {
    resolveConfig(config);
    super(TELEMETRY.scope, TELEMETRY.version, config);
  }

  /** Built-ins are patched in place by `enable`; there is no module to wait for. */
  protected override init(): void {}

  /** Starts observing. Does nothing while this or another instance observes this thread. */
  override enable(): void {
    super.enable();
    if (this.ipc !== undefined) return;
    try {
      this.ipc = startIpc(resolveConfig(this.getConfig()), () => this.tracer);
    } catch (error) {
      // `setConfig` takes anything; here an application is starting, which must not fail.
      warnOnce('ipc.config', `ipc: stays off: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Puts every patched function back. Channels that are open keep what is needed to read what is under way. */
  override disable(): void {
    super.disable();
    this.ipc?.stop();
    this.ipc = undefined;
  }

  /** Where no reader has a producer of hot metrics, they are recorded into instruments of this provider. */
  override setMeterProvider(meterProvider: MeterProvider): void {
    super.setMeterProvider(meterProvider);
    hotMetrics().useMeterProvider(meterProvider);
  }
}
