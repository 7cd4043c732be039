import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { diagLogLevelFromString, getStringFromEnv } from '@opentelemetry/core';
import type { AnomalyDetection } from '@sonde/anomaly-detection';
import { guard, onWarning } from '@sonde/instrumentation-kit';
import { FOREIGN_SDK_LINE, startUpLine } from './banner.ts';
import type { Resolution } from './configuration/resolve-options.ts';
import { deliverBeforeExit, type ExitingProcess } from './exit/before-exit.ts';
import { DELIVERY_TIMEOUT_MS, type DeliveryConfig, deliver } from './exit/delivery.ts';
import { deliverOnSignals, type SignalledProcess } from './exit/exit-signals.ts';
import { releaseExportSockets } from './exit/release-sockets.ts';
import { started } from './handle-state.ts';
import { createInstrumentations } from './instrumentations.ts';
import { LocalRootProcessor, ownSpanProcessors } from './own-span-processors.ts';
import type { ProcessRole } from './process-role.ts';
import { createSampling } from './sampling.ts';
import { Sdk } from './sdk.ts';
import { Subsystems } from './subsystems.ts';
import type { Terminal } from './terminal.ts';
import type { Runtime } from './types.ts';

export interface RuntimeConfig {
  readonly resolution: Resolution;
  readonly role: ProcessRole;
  readonly terminal: Terminal;
}

/** To the console, as NodeSDK does, and so in a main process only: a child's output may be read by its parent. */
function setUpDiagnostics(role: ProcessRole): void {
  const level = getStringFromEnv('OTEL_LOG_LEVEL');
  if (level === undefined || role !== 'main') return;
  diag.setLogger(new DiagConsoleLogger(), { logLevel: diagLogLevelFromString(level) ?? DiagLogLevel.INFO });
}

/** Everything that the preload starts in one thread: the subsystems, an SDK, and what an exit has to wait for. */
class PreloadedRuntime implements Runtime {
  readonly #config: RuntimeConfig;
  readonly #localRoots = new LocalRootProcessor();
  readonly #undo: (() => void)[] = [];
  #subsystems: Subsystems | undefined;
  #sdk: Sdk | undefined;
  #ending: Promise<void> | undefined;
  #undoSockets = (): void => {};
  /** Spans that had ended at the last delivery; -1 before the first. */
  #delivered = -1;

  constructor(config: RuntimeConfig) {
    this.#config = config;
  }

  start(): void {
    setUpDiagnostics(this.#config.role);
    const { resolution, role, terminal } = this.#config;
    const { options, file } = resolution;
    this.#undo.push(onWarning((sentence) => terminal.note(sentence)));
    const instrumentations = createInstrumentations(options);
    this.#subsystems = new Subsystems({ options, role, instrumentations, warn: (sentence) => terminal.warn(sentence) });
    this.#sdk = new Sdk({
      spanProcessors: ownSpanProcessors(options, this.#localRoots, this.anomalies),
      anomalies: this.anomalies,
      createSampling: () => {
        const sampling = createSampling(resolution);
        started().setOverhead = sampling.setOverhead;
        return sampling;
      },
      instrumentations,
      prometheus: options.prometheus,
      mayBind: role === 'main',
      collects: role !== 'worker',
      warn: (sentence) => terminal.warn(sentence),
      onForeignSdk: () => terminal.announce(FOREIGN_SDK_LINE),
    });
    this.#subsystems.enable();
    if (!this.#sdk.own.deliveries.isEmpty) this.#deliverAtExit();
    else if (options.anomalyState !== undefined && role === 'main' && this.anomalies !== undefined)
      this.#endOnSignals(async () => {});
    const { own } = this.#sdk;
    const announce = (): void => terminal.announce(startUpLine({ options, own, file }));
    if (own.endpoint === undefined) announce();
    else own.endpoint.whenKnown(announce);
  }

  get anomalies(): AnomalyDetection | undefined {
    return this.#subsystems?.anomalies;
  }

  get instrumentationNames(): readonly string[] {
    return this.#subsystems?.instrumentationNames ?? [];
  }

  async flush(): Promise<void> {
    // What the events become goes to the logs, whose SDK may still be loading.
    await this.#sdk?.own.loggerProvider;
    await this.#subsystems?.flush();
    await this.#sdk?.flush();
  }

  shutdown(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const startMs = performance.now();
    await this.#deliver();
    await this.#subsystems?.shutdown();
    for (const undo of this.#undo.splice(0)) guard('node.shutdown', undo, undefined);
    // Exporters try again and again as they end; there is no more time for that than there was at first.
    const timeoutMs = Math.max(0, DELIVERY_TIMEOUT_MS - (performance.now() - startMs));
    await deliver({ flush: () => this.#endSdk(), endpoints: this.#endpoints, timeoutMs });
  }

  /** Until its exporters have given up, their sockets must not keep the process. */
  async #endSdk(): Promise<void> {
    await this.#sdk?.shutdown();
    guard('node.shutdown', this.#undoSockets, undefined);
  }

  get #endpoints(): DeliveryConfig['endpoints'] {
    return this.#sdk?.own.deliveries.endpoints;
  }

  readonly #deliver = (): Promise<void> => {
    this.#delivered = this.#localRoots.ended;
    return deliver({ flush: () => this.flush(), endpoints: this.#endpoints });
  };

  #deliverAtExit(): void {
    this.#undoSockets = releaseExportSockets();
    this.#undo.push(
      deliverBeforeExit({
        process: process as unknown as ExitingProcess,
        hasNews: () => this.#delivered !== this.#localRoots.ended,
        deliver: this.#deliver,
      }),
    );
    this.#endOnSignals(this.#deliver);
  }

  #endOnSignals(deliver: () => Promise<void>): void {
    if (this.#config.role === 'worker') return;
    const beforeEnd = (): void => this.anomalies?.saveNow();
    this.#undo.push(deliverOnSignals({ process: process as unknown as SignalledProcess, deliver, beforeEnd }));
  }
}

/** Starts everything in this thread. @throws what stood in the way; what had been started by then is taken off again */
export function startRuntime(config: RuntimeConfig): Runtime {
  const runtime = new PreloadedRuntime(config);
  try {
    runtime.start();
  } catch (error) {
    runtime.shutdown().catch(() => {});
    throw error;
  }
  return runtime;
}
