import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  EventLogBridge,
  eventParticipant,
  linkThreads,
  metricParticipant,
  observeEventStream,
  SpanEventProcessor,
} from '@sonde/event-bridge';
import { configureEventStream, eventStream } from '@sonde/event-stream';
import { guard } from '@sonde/instrumentation-kit';
import { FOREIGN_SDK_LINE, startUpLine } from './banner.ts';
import type { Resolution } from './configuration/resolve-options.ts';
import { deliverBeforeExit, type ExitingProcess } from './exit/before-exit.ts';
import { deliver } from './exit/delivery.ts';
import { deliverOnSignals, type SignalledProcess } from './exit/exit-signals.ts';
import { releaseExportSockets } from './exit/release-sockets.ts';
import { createInstrumentations } from './instrumentations.ts';
import { LocalRootProcessor } from './local-root-processor.ts';
import type { ProcessRole } from './process-role.ts';
import { Sdk } from './sdk.ts';
import type { Terminal } from './terminal.ts';

export interface RuntimeConfig {
  readonly resolution: Resolution;
  readonly role: Exclude<ProcessRole, 'tool'>;
  readonly terminal: Terminal;
}

/** Everything that the preload starts in one thread. */
export interface Runtime {
  /** Hands everything to the exporters and waits for them. */
  flush(): Promise<void>;
  /** Undoes everything: patches, registrations, listeners, timers. Idempotent. */
  shutdown(): Promise<void>;
}

class PreloadedRuntime implements Runtime {
  readonly #instrumentations: readonly Instrumentation[];
  readonly #sdk: Sdk;
  readonly #localRoots = new LocalRootProcessor();
  readonly #bridge: EventLogBridge | undefined;
  readonly #undo: (() => void)[] = [];
  #ending: Promise<void> | undefined;
  /** Sampled spans that had ended at the last delivery; -1 before the first. */
  #delivered = -1;

  constructor({ resolution, role, terminal }: RuntimeConfig) {
    const { options, file } = resolution;
    const collects = role !== 'worker';
    if (collects) configureEventStream({ slots: options.streamSize });
    const link = linkThreads([eventParticipant(), metricParticipant()]);
    this.#undo.push(() => link.close());
    if (collects) this.#undo.push(observeEventStream());

    this.#instrumentations = createInstrumentations(options);
    const spanProcessors: SpanProcessor[] = [this.#localRoots];
    if (options.spanEvents) spanProcessors.push(new SpanEventProcessor());
    this.#sdk = new Sdk({
      spanProcessors,
      instrumentations: this.#instrumentations,
      prometheus: options.prometheus,
      mayBind: role === 'main',
      collects,
      warn: (sentence) => terminal.warn(sentence),
      onForeignSdk: () => terminal.announce(FOREIGN_SDK_LINE),
    });
    for (const instrumentation of this.#instrumentations) this.#enable(instrumentation);
    this.#bridge = collects ? new EventLogBridge() : undefined;
    if (!this.#sdk.own.deliveries.isEmpty) this.#deliverAtExit(role);
    terminal.announce(startUpLine({ options, own: this.#sdk.own, file }));
  }

  async flush(): Promise<void> {
    eventStream().flush();
    await this.#bridge?.forceFlush();
    await this.#sdk.flush();
  }

  shutdown(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    for (const instrumentation of this.#instrumentations) {
      guard('node.disable', () => instrumentation.disable(), undefined);
    }
    await this.#bridge?.shutdown();
    await this.#deliver();
    for (const undo of this.#undo.splice(0)) guard('node.shutdown', undo, undefined);
    await this.#sdk.shutdown();
  }

  #enable(instrumentation: Instrumentation): void {
    guard(`node.enable.${instrumentation.instrumentationName}`, () => instrumentation.enable(), undefined);
  }

  readonly #deliver = (): Promise<void> => {
    this.#delivered = this.#localRoots.ended;
    return deliver({ flush: () => this.flush(), endpoints: this.#sdk.own.deliveries.endpoints });
  };

  #deliverAtExit(role: RuntimeConfig['role']): void {
    this.#undo.push(
      releaseExportSockets(),
      deliverBeforeExit({
        process: process as unknown as ExitingProcess,
        hasNews: () => this.#delivered !== this.#localRoots.ended,
        deliver: this.#deliver,
      }),
    );
    if (role === 'worker') return;
    this.#undo.push(deliverOnSignals({ process: process as unknown as SignalledProcess, deliver: this.#deliver }));
  }
}

/** Starts everything in this thread. */
export function startRuntime(config: RuntimeConfig): Runtime {
  return new PreloadedRuntime(config);
}
