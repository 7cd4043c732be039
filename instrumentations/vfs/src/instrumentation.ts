import type { MeterProvider } from '@opentelemetry/api';
import { InstrumentationBase } from '@opentelemetry/instrumentation';
import { hotMetrics } from '@sonde/hot-metrics';
import { resolveConfig } from './config.ts';
import { TELEMETRY } from './semantic-names.ts';
import type { VfsConfig } from './types.ts';
import { createVfs, type Vfs } from './vfs.ts';

/**
 * OpenTelemetry instrumentation of the filesystem API: every call of `fs`, `fs.promises`, FileHandle, Dir and file
 * streams, by operation, mount and filesystem type. Patches in place, so that ESM and CommonJS see it without a loader.
 *
 * Fields are declared, not initialised, and none is `#private`: the base constructor calls `enable()` before they
 * would exist.
 * @throws TypeError, RangeError on a bad option
 */
export class VfsInstrumentation extends InstrumentationBase<VfsConfig> {
  declare private vfs: Vfs | undefined;

  constructor(config: VfsConfig = {}) {
    resolveConfig(config);
    super(TELEMETRY.scope, TELEMETRY.version, config);
  }

  /** Built-ins are patched in place by `enable`; there is no module to wait for. */
  protected override init(): void {}

  /** Starts observing. Does nothing while this or another instance observes this thread. */
  override enable(): void {
    super.enable();
    if (this.vfs !== undefined) return;
    const vfs = createVfs(resolveConfig(this.getConfig()), () => this.tracer);
    if (vfs.enable()) this.vfs = vfs;
  }

  /** Puts every function back that nobody has wrapped since; where somebody has, ours only passes through. */
  override disable(): void {
    super.disable();
    this.vfs?.disable();
    this.vfs = undefined;
  }

  /** Where no reader has a producer of hot metrics, they are recorded into instruments of this provider. */
  override setMeterProvider(meterProvider: MeterProvider): void {
    super.setMeterProvider(meterProvider);
    hotMetrics().useMeterProvider(meterProvider);
  }
}
