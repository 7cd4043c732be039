import { performance } from 'node:perf_hooks';
import { trace } from '@opentelemetry/api';
import { createPatches, guard, libuvPool, type Patches } from '@sonde/instrumentation-kit';
import { patchCrypto } from './crypto-patches.ts';
import type { Part, Surroundings } from './part.ts';
import { PoolMetrics } from './pool-metrics.ts';
import { PoolProbe } from './pool-probe.ts';
import { noteActive } from './turn-roots.ts';
import { patchZlib } from './zlib-patches.ts';

function patchAll(patches: Patches, { instruments }: Surroundings): void {
  const config = {
    pool: libuvPool(),
    instrument: instruments.poolOperationDuration,
    onBegin: () => noteActive(trace.getActiveSpan()),
  };
  // A Node built without OpenSSL has no crypto: asking for it throws.
  guard('scheduler.crypto', () => patchCrypto(patches, process.getBuiltinModule('node:crypto'), config), undefined);
  const zlib = process.getBuiltinModule('node:zlib') as unknown as Record<string, unknown>;
  guard('scheduler.zlib', () => patchZlib(patches, zlib, config), undefined);
  patches.sync();
}

function createProbe({ instruments }: Surroundings): PoolProbe {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const work = (done: () => void): void => {
    randomBytes(1, done);
  };
  return new PoolProbe(work, instruments.poolProbeWait.bind(), () => performance.now());
}

/** Starts counting crypto and zlib into the account of the libuv pool and, in the main thread, reporting the account. */
export function startPool(surroundings: Surroundings): Part {
  const { config, instruments, events, isMainThread } = surroundings;
  // Before the patches: its operations are none of the application's.
  const probe = config.poolProbe && isMainThread ? createProbe(surroundings) : undefined;
  const patches = createPatches();
  patchAll(patches, surroundings);
  const { windowMs, poolWaitMs: waitMs } = config;
  const metrics = isMainThread
    ? new PoolMetrics({ pool: libuvPool(), instruments, event: events.poolWait, windowMs, waitMs })
    : undefined;
  return {
    observe(nowMs): void {
      metrics?.observe(nowMs);
      probe?.observe();
    },
    stop: () => patches.restore(),
  };
}
