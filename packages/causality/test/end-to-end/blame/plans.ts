import { existsSync } from 'node:fs';
import type { Plan } from './run-service.ts';

/** Two causes that are injected into the same requests. */
export interface Pair {
  readonly names: readonly [string, string];
  /** What blame is to name, in the same order. */
  readonly causes: readonly [string, string];
  /** Whether they may be injected at once: the second one then lasts longer and gives way to the first. */
  readonly mayOverlap: boolean;
  /** Whether it is cheap enough for every run of the tests. */
  readonly isCheap: boolean;
}

function pair(names: Pair['names'], causes: Pair['causes'], options: Partial<Pair> = {}): Pair {
  return { names, causes, mayOverlap: false, isCheap: false, ...options };
}

const overlapping = { mayOverlap: true };

/** Every cause twice at least, next to different ones. */
export const PAIRS: readonly Pair[] = [
  pair(['gc', 'filesystem'], ['gc', 'filesystem'], { mayOverlap: true, isCheap: true }),
  pair(['blockedBefore', 'dnsQuery'], ['blocked_loop', 'connect'], { mayOverlap: true, isCheap: true }),
  pair(['pool', 'blockedAfter'], ['pool', 'blocked_loop'], { isCheap: true }),
  pair(['ownPool', 'downstream'], ['pool', 'child_service'], { mayOverlap: true, isCheap: true }),
  pair(['gc', 'stalledStream'], ['gc', 'filesystem'], overlapping),
  pair(['heapChurn', 'dnsQuery'], ['gc', 'connect']),
  pair(['gc', 'blockedBefore'], ['gc', 'blocked_loop']),
  pair(['blockedAfter', 'downstream'], ['blocked_loop', 'child_service'], overlapping),
  pair(['pool', 'stalledStream'], ['pool', 'filesystem']),
  pair(['dnsQuery', 'filesystem'], ['connect', 'filesystem'], overlapping),
  pair(['dnsLookup', 'ownPool'], ['connect', 'pool']),
  pair(['dnsLookup', 'downstream'], ['connect', 'child_service'], overlapping),
  pair(['cpuQuota', 'filesystem'], ['cpu', 'filesystem']),
  pair(['cpuQuota', 'dnsQuery'], ['cpu', 'connect']),
  pair(['busySibling', 'downstream'], ['cpu', 'child_service']),
  pair(['busySibling', 'gc'], ['cpu', 'gc']),
  pair(['ownTurn', 'dnsQuery'], ['own_turn', 'connect']),
  pair(['workerQueue', 'slowWorker'], ['ipc_queue', 'child_service']),
  pair(['workerQueue', 'gc'], ['ipc_queue', 'gc']),
];

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';

/** Why an injector cannot work on this machine; undefined if it can. */
export function obstacle(name: string): string | undefined {
  if (name === 'cpuQuota' && !(isRoot && existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')))
    return 'needs root and the cpu controller of cgroup v1';
  if (name === 'dnsLookup' && !isRoot) return 'needs root, for a mount namespace and port 53';
  if (name === 'busySibling' && process.platform !== 'linux') return 'needs taskset';
  return undefined;
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A request that suffers from both, by the seed: which one is longer, which comes first, whether they overlap. One lasts
 * 1.6 to 2.5 times as long as the other, so that there is a top cause.
 */
export function planOf({ names, mayOverlap }: Pair, seed: number, scale: number = 1): Plan {
  const random = createRandom(seed);
  const shortMs = scale * (120 + 180 * random());
  const longMs = shortMs * (1.6 + 0.9 * random());
  const isTogether = mayOverlap && random() < 0.4;
  const isSecondLong = isTogether || random() < 0.5;
  const steps = [
    { name: names[0], ms: isSecondLong ? shortMs : longMs },
    // What gives way to the other has what is left.
    { name: names[1], ms: isTogether ? shortMs + longMs : isSecondLong ? longMs : shortMs },
  ];
  return { isTogether, steps: !isTogether && random() < 0.5 ? steps.reverse() : steps };
}
