import { performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { diag, type Tracer } from '@opentelemetry/api';
import { hotMetrics } from '@sonde/hot-metrics';
import { claim, eventsFrom, guard, hotMetricsFrom } from '@sonde/instrumentation-kit';
import type { ResolvedConfig } from './config.ts';
import { GcPauses } from './gc-pauses.ts';
import { type LoopPart, startLoop } from './loop-part.ts';
import type { Part, Surroundings } from './part.ts';
import { startPool } from './pool-part.ts';
import { TELEMETRY } from './semantic-names.ts';
import { startSystem } from './system-part.ts';
import type { LongTurn } from './types.ts';

/** Everything that the instrumentation does in one thread, while it runs. */
export interface Scheduler {
  /** The long turns that overlap a time window in epoch milliseconds, oldest first. */
  longTurns(since?: number, until?: number): LongTurn[];
  /** Ends everything and undoes the patches. */
  stop(): void;
}

function startGc({ config, instruments, events }: Surroundings): Part {
  const pauses = new GcPauses({
    instrument: instruments.gcDuration,
    event: events.gcPause,
    pauseMs: config.gcPauseMs,
  });
  pauses.start();
  return { stop: () => pauses.stop() };
}

function startParts(surroundings: Surroundings): { readonly parts: Part[]; readonly loop: LoopPart | undefined } {
  const { config } = surroundings;
  const parts: Part[] = [];
  const add = <T extends Part>(name: string, start: () => T): T | undefined => {
    const part = guard(`scheduler.${name}`, start, undefined);
    if (part !== undefined) parts.push(part);
    return part;
  };
  const needsTurns = config.eventLoop || config.blockedLoop !== undefined;
  const loop = needsTurns ? add('loop', () => startLoop(surroundings)) : undefined;
  if (config.garbageCollection) add('gc', () => startGc(surroundings));
  if (config.operatingSystem) add('system', () => startSystem(surroundings, () => loop?.watcherTid() ?? 0));
  if (config.pool) add('pool', () => startPool(surroundings));
  return { parts, loop };
}

/**
 * Starts observing what schedules this thread, and in the main thread the process.
 * @returns undefined when another instance does so already
 */
export function startScheduler(config: ResolvedConfig, tracer: () => Tracer): Scheduler | undefined {
  const release = claim('scheduler');
  if (release === undefined) {
    diag.info('scheduler: another instance observes this thread already; this one stays off');
    return undefined;
  }
  const { scope, version } = TELEMETRY;
  const { parts, loop } = startParts({
    config,
    instruments: hotMetricsFrom(TELEMETRY),
    events: eventsFrom(TELEMETRY),
    tracer,
    isMainThread,
  });
  const forget = hotMetrics()
    .meter(scope, version)
    .observe(function observeScheduler(): void {
      const nowMs = performance.now();
      for (const { observe } of parts) guard('scheduler.observe', () => observe?.(nowMs), undefined);
    });
  return {
    longTurns: (since, until) => loop?.ledger.longTurns(since, until) ?? [],
    stop(): void {
      forget();
      for (const part of parts.reverse()) guard('scheduler.stop', part.stop, undefined);
      release();
    },
  };
}
