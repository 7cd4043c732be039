import { between, type Random, shuffle } from '../random.ts';
import type { ErrorStorm, FaultKind, HeapLeak, SlowFilesystem } from './protocol.ts';

type Planned<T> = Omit<T, 'id' | 'startMs' | 'endMs'> & { readonly atMs: number };

export type PlannedLastingFault = Planned<ErrorStorm> | Planned<HeapLeak> | Planned<SlowFilesystem>;

/** A span of time, in milliseconds since the start of the run. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Routes whose files can be damaged or taken away. */
export const STORM_ROUTES = ['/products/:id', '/journal/:day', '/documents/:name'] as const;

const WARM_UP_SHARE = 0.4;
const LONGEST_WARM_UP_MS = 45_000;
const QUIET_END_MS = 3_000;
const ROUND_MS = 60_000;
const GAP_MS = 5_000;
const SHORTEST_MS = 10_000;
const LONGEST_MS = 20_000;
// A heap that grows for less than that is one that is being used.
const SHORTEST_LEAK_MS = 20_000;
const LONGEST_LEAK_MS = 30_000;
const APART_MS = 4_000;
const TRIES = 50;
const MIB = 2 ** 20;
const MOST_LEAKED_BYTES = 240 * MIB;
// Enough to rise above what the garbage collector has not yet come to within some tens of seconds.
const LEAK_MIB_PER_SECOND = [4, 9] as const;
// So that on average at most three of the four threads of libuv's pool wait for a slow file.
const MOST_WAITING = 3;

/**
 * Random faults that last, at random times and of random sizes. The first two fifths of a run stay free of them (at most
 * 45 s), so that there is something to compare with. An error storm and a slow filesystem never overlap; a heap leak may
 * begin in the middle of either. Long runs have a round of them each minute, short ones as many as there is time for.
 */
export function planLastingFaults(
  random: Random,
  totalMs: number,
  kinds: ReadonlySet<FaultKind>,
): PlannedLastingFault[] {
  const fromMs = Math.min(LONGEST_WARM_UP_MS, totalMs * WARM_UP_SHARE);
  const availableMs = Math.max(0, totalMs - QUIET_END_MS - fromMs);
  const rounds = Math.max(1, Math.floor(availableMs / ROUND_MS));
  const roundMs = availableMs / rounds;
  return Array.from({ length: rounds }, (_, round) => {
    const isLast = round === rounds - 1;
    const start = fromMs + round * roundMs;
    const window = { fromMs: start, toMs: start + roundMs - (isLast ? 0 : GAP_MS) };
    const apart = planApart(random, window, kinds);
    const leak = kinds.has('heap-leak') ? planLeak(random, { window, isLast, totalMs, others: apart }) : [];
    return [...apart, ...leak];
  })
    .flat()
    .sort((a, b) => a.atMs - b.atMs);
}

/** Those that must be told from each other: one after the other, as many as fit. */
function planApart(random: Random, { fromMs, toMs }: Span, kinds: ReadonlySet<FaultKind>): PlannedLastingFault[] {
  const wanted = shuffle(
    random,
    (['error-storm', 'slow-filesystem'] as const).filter((kind) => kinds.has(kind)),
  );
  const lengthMs = toMs - fromMs;
  const chosen = wanted.slice(0, Math.max(0, Math.floor((lengthMs + GAP_MS) / (SHORTEST_MS + GAP_MS))));
  if (chosen.length === 0) return [];
  const longestMs = Math.min(LONGEST_MS, (lengthMs - (chosen.length - 1) * GAP_MS) / chosen.length);
  const durations = chosen.map(() => SHORTEST_MS + random() * (longestMs - SHORTEST_MS));
  const slackMs = lengthMs - (chosen.length - 1) * GAP_MS - durations.reduce((sum, one) => sum + one, 0);
  const shifts = chosen.map(() => random() * slackMs).sort((a, b) => a - b);
  let beforeMs = fromMs;
  return chosen.map((kind, i) => {
    const durationMs = durations[i] ?? SHORTEST_MS;
    const atMs = beforeMs + (shifts[i] ?? 0);
    beforeMs += durationMs + GAP_MS;
    return kind === 'error-storm' ? storm(random, atMs, durationMs) : slowFilesystem(random, atMs, durationMs);
  });
}

function storm(random: Random, atMs: number, durationMs: number): PlannedLastingFault {
  const route = STORM_ROUTES[between(random, 0, STORM_ROUTES.length - 1)] ?? STORM_ROUTES[0];
  return { kind: 'error-storm', atMs, durationMs, route, share: 0.25 + random() * 0.65 };
}

function slowFilesystem(random: Random, atMs: number, durationMs: number): PlannedLastingFault {
  const shortestMs = between(random, 60, 160);
  const longestMs = shortestMs + between(random, 60, 300);
  const most = (MOST_WAITING * 1_000) / ((shortestMs + longestMs) / 2);
  const filesPerSecond = Math.max(1, Math.floor(most * (0.6 + random() * 0.4)));
  return { kind: 'slow-filesystem', atMs, durationMs, filesPerSecond, shortestMs, longestMs };
}

interface LeakRoom {
  readonly window: Span;
  readonly isLast: boolean;
  readonly totalMs: number;
  readonly others: readonly PlannedLastingFault[];
}

function planLeak(random: Random, { window, isLast, totalMs, others }: LeakRoom): PlannedLastingFault[] {
  const { fromMs, toMs } = window;
  const roomMs = toMs - fromMs - SHORTEST_LEAK_MS;
  if (roomMs < 0) return [];
  const isFree = (at: number): boolean => others.every(({ atMs }) => Math.abs(atMs - at) >= APART_MS);
  let atMs = fromMs + random() * roomMs;
  for (let i = 0; i < TRIES && !isFree(atMs); i++) atMs = fromMs + random() * roomMs;
  const isForTheRest = isLast && random() < 0.5;
  const longestMs = Math.min(LONGEST_LEAK_MS, toMs - atMs);
  const durationMs = isForTheRest ? totalMs - atMs : SHORTEST_LEAK_MS + random() * (longestMs - SHORTEST_LEAK_MS);
  const [low, high] = LEAK_MIB_PER_SECOND;
  const wanted = (low + random() * (high - low)) * MIB;
  const bytesPerSecond = Math.min(wanted, MOST_LEAKED_BYTES / (durationMs / 1_000));
  return [{ kind: 'heap-leak', atMs, durationMs, route: '/sessions', bytesPerSecond, isForTheRest }];
}
