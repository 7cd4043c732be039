import { type Culprit, type RootWaits, WAITS, type WaitReader } from '@sonde/instrumentation-kit';
import type { RankedWait } from './causes.ts';
import { Signs } from './held-up.ts';
import type { Claim, CpuWindow, Evidence, Times, Window } from './sweep.ts';

/** A wait of the request that begins this much later still was under way when the turn began. */
const SAME_MS = 1;
/** Shorter collections (ms) are told of every request: that they held none of them up is not worth a look. */
const LONG_PAUSE_MS = 5;

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

/** The latest told comes first, and holds: who was at work in a turn may be known better later. */
function addTurn(thread: Claim[], turn: Claim): void {
  const isSame = ({ wait, startMs, endMs }: Claim): boolean =>
    wait === 'blocked_loop' && startMs === turn.startMs && endMs === turn.endMs;
  if (!thread.some(isSame)) thread.push(turn);
}

/** Brings together what is known about the time of a local root. Some microseconds. */
export function collect(reader: WaitReader, root: RootWaits, times: Times): Evidence {
  const own = ownClaims(root);
  const signs = new Signs(root, own, times);
  const thread: Claim[] = [];
  const cpu: CpuWindow[] = [];
  reader.visitThread(times.startMs, times.endMs, (kind, startMs, endMs, { culprit, amountMs, ...work }) => {
    const wait = WAITS[kind];
    const window = { startMs, endMs, amountMs };
    if (wait === 'cpu') cpu.push({ ...window, ...work });
    else if (wait === 'blocked_loop') addTurn(thread, turnOf(root, own, window, culprit));
    // Whom short turns kept waiting is told of each request.
    else if (wait !== 'busy_loop') thread.push({ wait: wait as RankedWait, ...window });
  });
  return { ...times, claims: [...heldUpBy(thread, signs), ...own], busy: signs.busy, cpu, wokenMs: signs.wokenMs };
}

/** Of what the thread did, what held the request up: while it waits for a timer, it is none of its business. */
function heldUpBy(thread: readonly Claim[], signs: Signs): Claim[] {
  const own = thread.filter(({ isOwn }) => isOwn === true);
  for (const turn of own) signs.ranInLongTurn(turn);
  signs.know(own);
  const turns = thread.filter(({ wait, isOwn }) => wait === 'blocked_loop' && isOwn !== true);
  const held = joined(turns).flatMap((turn) => partsOf(turn, signs));
  signs.know(held);
  const others = thread.filter(({ wait }) => wait !== 'blocked_loop');
  return [...own, ...held, ...others.flatMap((one) => (one.amountMs < LONG_PAUSE_MS ? [one] : partsOf(one, signs)))];
}

/** What one culprit held in turns that followed each other held others up as one: at its end it may be seen late. */
function joined(turns: readonly Claim[]): Claim[] {
  const joint: Claim[] = [];
  for (const turn of [...turns].sort((left, right) => left.startMs - right.startMs)) {
    const last = joint.at(-1);
    const isSame =
      last?.culprit !== undefined &&
      last.culprit.spanId === turn.culprit?.spanId &&
      last.culprit.traceId === turn.culprit.traceId &&
      Math.abs(turn.startMs - last.endMs) <= SAME_MS;
    if (!isSame) joint.push(turn);
    else {
      const endMs = Math.max(last.endMs, turn.endMs);
      const amountMs = Math.min(last.amountMs + turn.amountMs, endMs - last.startMs);
      joint[joint.length - 1] = { ...last, endMs, amountMs };
    }
  }
  return joint;
}

function partsOf(claim: Claim, signs: Signs): Claim[] {
  const density = claim.amountMs / (claim.endMs - claim.startMs);
  return signs
    .heldUpBy(claim)
    .map(({ startMs, endMs }) => ({ ...claim, startMs, endMs, amountMs: density * (endMs - startMs) }));
}
