import type { Truth } from './injector.ts';

/** One request, as the service has told it. */
export interface Told {
  readonly run: string;
  readonly wallMs: number;
  /** For how long others on the machine kept its thread from a CPU. */
  readonly starvedMs: number;
  readonly blame: Readonly<Record<string, unknown>>;
  readonly truths: readonly Truth[];
}

/** One injected cause of a request. */
export interface Share {
  readonly cause: string;
  readonly truthMs: number;
  readonly toldMs: number;
  /** Relative to the truth. */
  readonly error: number;
}

export interface Score {
  readonly shares: readonly Share[];
  /** Of the wall time. */
  readonly unexplained: number;
  readonly wallMs: number;
  /** Of the wall time, how long the thread was without a CPU; that is what an injected shortage of CPU does. */
  readonly starved: number;
  readonly isTopRight: boolean;
  readonly top: string;
}

/** Who has the time where several causes hold at once, as the package documents. */
const RANKED = [
  'gc',
  'blocked_loop',
  'own_turn',
  'pool',
  'connect',
  'ipc_queue',
  'filesystem',
  'pool_work',
  'child_service',
];

/** Exclusive milliseconds by cause, out of what injectors have measured. */
export function truthOf(truths: readonly Truth[]): Map<string, number> {
  const stretches = truths.flatMap((truth) => truth.stretches).filter(({ startMs, endMs }) => endMs > startMs);
  const edges = [...new Set(stretches.flatMap(({ startMs, endMs }) => [startMs, endMs]))].sort((a, b) => a - b);
  const sums = new Map<string, number>();
  const add = (cause: string, ms: number): unknown => sums.set(cause, (sums.get(cause) ?? 0) + ms);
  for (const [index, fromMs] of edges.slice(0, -1).entries()) {
    const holding = stretches.filter(({ startMs, endMs }) => startMs <= fromMs && endMs > fromMs);
    const [first] = holding.sort((a, b) => RANKED.indexOf(a.cause) - RANKED.indexOf(b.cause));
    if (first === undefined) continue;
    const ms = (edges[index + 1] as number) - fromMs;
    const starved = Math.min(1, (first.starvedMs ?? 0) / (first.endMs - first.startMs));
    add(first.cause, ms * (1 - starved));
    if (starved > 0) add('cpu', ms * starved);
  }
  for (const { cause, ms } of truths.flatMap((truth) => truth.amounts ?? [])) add(cause, ms);
  return sums;
}

function toldMs({ blame }: Told, cause: string): number {
  return Number(blame[`sonde.blame.${cause}`] ?? 0) * 1000;
}

/** Whether its own work comes in long turns or in short ones is no matter here. */
function largest(entries: Iterable<readonly [string, number]>): string {
  const sums = new Map<string, number>();
  for (const [name, amount] of entries) {
    const cause = name === 'busy_loop' ? 'own_turn' : name;
    sums.set(cause, (sums.get(cause) ?? 0) + amount);
  }
  return [...sums].sort(([, left], [, right]) => right - left)[0]?.[0] ?? '';
}

/** Compares what blame tells of a request with what was done to it. @param injected the causes that were injected */
export function score(told: Told, injected: readonly string[]): Score {
  const truth = truthOf(told.truths);
  const shares = injected.map((cause) => {
    const truthMs = truth.get(cause) ?? 0;
    const ms = toldMs(told, cause);
    return { cause, truthMs, toldMs: ms, error: (ms - truthMs) / truthMs };
  });
  const blamed = Object.entries(told.blame).filter(([, value]) => typeof value === 'number') as [string, number][];
  const top = largest(blamed.map(([name, seconds]) => [name.replace('sonde.blame.', ''), seconds]));
  return {
    shares,
    unexplained: toldMs(told, 'unexplained') / told.wallMs,
    wallMs: told.wallMs,
    starved: told.starvedMs / told.wallMs,
    top,
    isTopRight: top === largest(truth),
  };
}
