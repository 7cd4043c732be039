import { diag, type Tracer } from '@opentelemetry/api';
import { hotMetrics } from '@sonde/hot-metrics';
import { claim, eventsFrom, guard, hotMetricsFrom } from '@sonde/instrumentation-kit';
import { createChannels } from './channels.ts';
import type { ResolvedConfig } from './config.ts';
import type { Part, Surroundings } from './part.ts';
import { startProcesses } from './processes/part.ts';
import { TELEMETRY } from './semantic-names.ts';
import { startSockets } from './sockets/part.ts';
import { startThreads } from './threads/part.ts';

/** Everything that the instrumentation does in one thread, while it runs. */
export interface Ipc {
  /** Ends everything and undoes the patches. */
  stop(): void;
}

function startParts(surroundings: Surroundings): Part[] {
  const { config } = surroundings;
  const parts: Part[] = [];
  const add = (name: string, start: (surroundings: Surroundings) => Part): void => {
    const part = guard(`ipc.${name}`, () => start(surroundings), undefined);
    if (part !== undefined) parts.push(part);
  };
  if (config.threads) add('threads', startThreads);
  if (config.processes) add('processes', startProcesses);
  if (config.sockets) add('sockets', startSockets);
  return parts;
}

/**
 * Starts observing the channels of this thread.
 * @returns undefined when another instance does so already
 */
export function startIpc(config: ResolvedConfig, tracer: () => Tracer): Ipc | undefined {
  const release = claim('ipc');
  if (release === undefined) {
    diag.info('ipc: another instance observes this thread already; this one stays off');
    return undefined;
  }
  const instruments = hotMetricsFrom(TELEMETRY);
  const events = eventsFrom(TELEMETRY);
  const channels = createChannels({ config, instruments, events, tracer });
  const parts = startParts({ config, instruments, events, tracer, channels });
  const forget = hotMetrics()
    .meter(TELEMETRY.scope, TELEMETRY.version)
    .observe(function observeIpc(): void {
      for (const { observe } of parts) if (observe !== undefined) guard('ipc.observe', observe, undefined);
    });
  return {
    stop(): void {
      forget();
      for (const part of parts.reverse()) guard('ipc.stop', part.stop, undefined);
      release();
    },
  };
}
