import type { Injector } from '../injector.ts';
import { blockedAfter, blockedBefore } from './blocked-loop.ts';
import { busySibling, cpuQuota, ownTurn } from './cpu.ts';
import { filesystem, stalledStream } from './filesystem.ts';
import { gc, heapChurn } from './gc.ts';
import { dnsLookup, dnsQuery, downstream } from './network.ts';
import { ownPool, pool } from './pool.ts';
import { slowWorker, workerQueue } from './worker-pool.ts';

/** All injectors by name. */
export const INJECTORS = {
  gc,
  heapChurn,
  blockedBefore,
  blockedAfter,
  ownPool,
  pool,
  filesystem,
  stalledStream,
  cpuQuota,
  ownTurn,
  busySibling,
  dnsQuery,
  dnsLookup,
  downstream,
  workerQueue,
  slowWorker,
} as const satisfies Record<string, Injector>;
export type InjectorName = keyof typeof INJECTORS;
