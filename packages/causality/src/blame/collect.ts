import { type Culprit, type RootWaits, WAITS, type WaitReader } from '@sonde/instrumentation-kit';
import type { RankedWait } from './causes.ts';
import type { Claim, CpuWindow, Evidence, Times, Window } from './sweep.ts';

/** A wait of the request that begins this much later still was under way when the turn began. */
const SAME_MS = 1;

/** The waits of the request itself. */
function ownClaims(root: RootWaits): Claim[] {
  const claims: Claim[] = [];
  root.visit((kind, startMs, endMs, amountMs) => {
    claims.push({ wait: WAITS[kind] as RankedWait, startMs, endMs, amountMs });
  });
  return claims;
}

/** Whether the request waited for something when this turn began: then it was not the one that ran. */
function wasWaiting(own: readonly Claim[], turnStartMs: number): boolean {
  return own.some(
    ({ wait, startMs, endMs }) =>
      wait !== 'filesystem_sync' && startMs <= turnStartMs + SAME_MS && endMs > turnStartMs + SAME_MS,
  );
}

/** A long turn from the point of view of the request. */
function turnOf(root: RootWaits, own: readonly Claim[], window: Window, culprit: Culprit | undefined): Claim {
  const turn = { wait: 'blocked_loop', ...window } as const;
  if (culprit === undefined) return turn;
  const isRoot = culprit.traceId === root.traceId && culprit.spanId === root.spanId;
  if (isRoot && culprit.isGuess === true && wasWaiting(own, window.startMs)) return turn;
  return isRoot ? { ...turn, isOwn: true } : { ...turn, culprit };
}

/** Brings together what is known about the time of a local root. Some microseconds. */
export function collect(reader: WaitReader, root: RootWaits, { startMs, endMs }: Times): Evidence {
  const own = ownClaims(root);
  const thread: Claim[] = [];
  const busy: Window[] = [];
  const cpu: CpuWindow[] = [];
  // The latest told comes first, and holds: who was at work in a turn may be known better later.
  reader.visitThread(startMs, endMs, (kind, from, to, { amountMs, busyMs, ofBusyMs, culprit }) => {
    const wait = WAITS[kind];
    const window = { startMs: from, endMs: to, amountMs };
    if (wait === 'busy_loop') busy.push(window);
    else if (wait === 'cpu') cpu.push({ ...window, busyMs, ofBusyMs });
    else if (wait === 'blocked_loop') thread.push(turnOf(root, own, window, culprit));
    else thread.push({ wait: wait as RankedWait, ...window });
  });
  return { startMs, endMs, claims: [...thread, ...own], busy, cpu };
}
