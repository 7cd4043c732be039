import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { AnomalyDetection } from '@sonde/anomaly-detection';
import {
  EventLogBridge,
  eventParticipant,
  linkThreads,
  metricParticipant,
  observeEventStream,
  poolParticipant,
} from '@sonde/event-bridge';
import { configureEventStream, eventStream } from '@sonde/event-stream';
import { guard } from '@sonde/instrumentation-kit';
import { createAnomalies } from './anomalies.ts';
import type { ProcessRole } from './process-role.ts';
import type { ResolvedOptions, Runtime } from './types.ts';

export interface SubsystemsConfig {
  readonly options: ResolvedOptions;
  readonly role: ProcessRole;
  readonly instrumentations: readonly Instrumentation[];
  /** Tells people what is wrong and what to do about it, once each sentence. */
  readonly warn: (sentence: string) => void;
}

/**
 * What runs beside an SDK, whoever made that: the event stream, the link between threads, the bridge to logs. The main
 * thread of a process collects; its workers announce what they have.
 */
export class Subsystems implements Runtime {
  readonly #instrumentations: readonly Instrumentation[];
  readonly #bridge: EventLogBridge | undefined;
  readonly #undo: (() => void)[] = [];
  readonly anomalies: AnomalyDetection | undefined;

  constructor({ options, role, instrumentations, warn }: SubsystemsConfig) {
    this.#instrumentations = instrumentations;
    const collects = role !== 'worker';
    if (collects) configureEventStream({ slots: options.streamSize });
    const link = linkThreads([eventParticipant(), metricParticipant(), poolParticipant()]);
    this.#undo.push(() => link.close());
    if (!collects) return;
    this.#undo.push(observeEventStream());
    this.#bridge = new EventLogBridge();
    this.anomalies = guard('node.anomalies', () => createAnomalies({ options, role, warn }), undefined);
    this.anomalies?.start();
  }

  get instrumentationNames(): readonly string[] {
    return this.#instrumentations.map(({ instrumentationName }) => instrumentationName);
  }

  /** Switches the instrumentations on. With a NodeSDK that is the SDK's part. */
  enable(): void {
    for (const instrumentation of this.#instrumentations) {
      guard(`node.enable.${instrumentation.instrumentationName}`, () => instrumentation.enable(), undefined);
    }
  }

  /** Writes the events that are due to the logs. */
  async flush(): Promise<void> {
    eventStream().flush();
    await this.#bridge?.forceFlush();
  }

  async shutdown(): Promise<void> {
    for (const instrumentation of this.#instrumentations) {
      guard(`node.disable.${instrumentation.instrumentationName}`, () => instrumentation.disable(), undefined);
    }
    await this.anomalies?.shutdown();
    await this.#bridge?.shutdown();
    for (const undo of this.#undo.splice(0)) guard('node.shutdown', undo, undefined);
  }
}
