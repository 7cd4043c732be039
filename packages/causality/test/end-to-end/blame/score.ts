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

/** How far a share may be from its truth; so causes that are closer to each other than that are equally large. */
export const TOLERANCE = 0.15;

function largest(sums: ReadonlyMap<string, number>): readonly [cause: string, ms: number] {
  return [...sums].sort(([, left], [, right]) => right - left)[0] ?? ['', 0];
}

/** What blame tells, in milliseconds. Whether its own work comes in long turns or in short ones is no matter here. */
function toldOf({ blame }: Told): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, seconds] of Object.entries(blame)) {
    const cause = name.replace('sonde.blame.', '').replace('busy_loop', 'own_turn');
    if (typeof seconds === 'number') sums.set(cause, (sums.get(cause) ?? 0) + seconds * 1000);
  }
  return sums;
}

/** Compares what blame tells of a request with what was done to it. @param injected the causes that were injected */
export function score(told: Told, injected: readonly string[]): Score {
  const truth = truthOf(told.truths);
  const shares = injected.map((cause) => {
    const truthMs = truth.get(cause) ?? 0;
    const ms = toldMs(told, cause);
    return { cause, truthMs, toldMs: ms, error: (ms - truthMs) / truthMs };
  });
  const [top] = largest(toldOf(told));
  const [, largestMs] = largest(truth);
  return {
    shares,
    unexplained: toldMs(told, 'unexplained') / told.wallMs,
    wallMs: told.wallMs,
    starved: told.starvedMs / told.wallMs,
    top,
    isTopRight: (truth.get(top) ?? 0) >= (1 - TOLERANCE) * largestMs,
  };
}
