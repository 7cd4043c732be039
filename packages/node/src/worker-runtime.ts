import { createInstrumentations } from './instrumentations.ts';
import { exporterNames } from './opentelemetry/environment.ts';
import { Subsystems } from './subsystems.ts';
import type { InstrumentationName, ResolvedOptions, Runtime } from './types.ts';

/** Whether what a worker thread records with the OpenTelemetry API goes anywhere. */
export function exportsFromWorkers(): boolean {
  return ['TRACES', 'LOGS'].some((signal) => (exporterNames(signal as 'TRACES' | 'LOGS') ?? []).length > 0);
}

/** Those that need no SDK. */
const OWN: readonly InstrumentationName[] = ['vfs', 'scheduler', 'ipc'];

/**
 * Starts Sonde in a worker thread whose spans and logs nobody takes: the instrumentations whose events and metrics the
 * main thread collects, and no SDK. That saves each worker most of the memory and of the time to start.
 */
export function startWorkerRuntime(options: ResolvedOptions): Runtime {
  const instrumentations = createInstrumentations({
    ...options,
    instrumentations: options.instrumentations.filter((name) => OWN.includes(name)),
  });
  const subsystems = new Subsystems({ options, role: 'worker', instrumentations, warn: () => {} });
  subsystems.enable();
  return subsystems;
}
