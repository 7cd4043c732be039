import type { Culprit } from '@sonde/instrumentation-kit';
import { type Cause, emptySplit, RANKED, type RankedWait, type Split } from './causes.ts';
import { wakesIn } from './wakes.ts';

/** Milliseconds of one clock. */
export interface Times {
  readonly startMs: number;
  readonly endMs: number;
}

/** A time in which something held the request up, or of which an amount is known only. */
export interface Window extends Times {
  /** How much of it; at most its length. */
  readonly amountMs: number;
}

/** What a request waited for, or its thread. */
export interface Claim extends Window {
  readonly wait: RankedWait;
  /** A long turn in which the request ran itself. */
  readonly isOwn?: boolean;
  /** Whose long turn it was, where that is known. */
  readonly culprit?: Culprit | undefined;
}

/** A time of which it is known how long the thread was without a CPU although it was ready. */
export interface CpuWindow extends Window {
  /** How long the thread was at work in it, on a CPU or not. */
  readonly busyMs: number;
  /** How much of the amount fell into that work. */
  readonly ofBusyMs: number;
  /** How often it woke up in it. */
  readonly wakes: number;
  /** Whether a quota was used up in it. */
  readonly isThrottled: boolean;
}

/** Everything that is known about the time of one local root. What overlaps it only partly counts partly. */
export interface Evidence {
  readonly startMs: number;
  readonly endMs: number;
  /** Of two that cover the same time and are of one kind, the first one holds. */
  readonly claims: readonly Claim[];
  /** How long the request ran in short turns or waited behind them, what is known better first. */
  readonly busy: readonly Window[];
  /** When the thread was woken for the request. */
  readonly wokenMs: readonly number[];
  readonly cpu: readonly CpuWindow[];
}

export interface Blame {
  /** Milliseconds; their sum is the wall time. */
  readonly split: Split;
  /** Who held the event loop, those who did longest first. */
  readonly culprits: readonly { readonly culprit: Culprit; readonly ms: number }[];
}

const RANKS = new Map(RANKED.map((wait, rank) => [wait, rank]));
/**
 * Of a collection, how long the main thread may be kept from a CPU by V8's own helper threads: two thirds were measured with
 * two CPUs that are idle otherwise, four fifths with two that are busy.
 */
const HELPED = 0.85;
const BLOCKED = RANKED.indexOf('blocked_loop');
/** The ranks up to here concern the thread: time that it was at work, so that it may have been without a CPU. */
const LAST_OF_THREAD = BLOCKED;
/** A wait outlasts a turn if it is longer by this much (ms), and this part of the turn. */
const OUTLASTING_MS = 5;
const OUTLASTING_PART = 0.1;

function causeOf({ wait, isOwn }: Claim): Exclude<Cause, 'unexplained' | 'busy_loop' | 'cpu'> {
  if (wait === 'blocked_loop' && isOwn === true) return 'own_turn';
  return wait === 'filesystem_sync' ? 'filesystem' : wait;
}

/** A piece of the time in which the same claims hold throughout. */
interface Piece {
  readonly startMs: number;
  readonly lengthMs: number;
  /** Of the thread at work in what is claimed: with a CPU it would have been shorter. */
  readonly shares: { readonly claim: Claim; ms: number }[];
  /** Not claimed. */
  freeMs: number;
  busyMs: number;
  /** Of what is not claimed, what the thread had to wait for a CPU. */
  cpuMs: number;
}

/** `amount` out of `length`, as a fraction. */
function density({ startMs, endMs, amountMs }: Window): number {
  const fraction = amountMs / (endMs - startMs);
  return fraction >= 0 ? Math.min(1, fraction) : 0;
}

function isTime({ startMs, endMs, amountMs }: Window, from: number, to: number): boolean {
  return endMs > startMs && endMs > from && startMs < to && amountMs > 0 && endMs - startMs < Number.POSITIVE_INFINITY;
}

/** Cuts the time wherever something begins or ends. */
function cut(startMs: number, endMs: number, windows: readonly Times[]): Piece[] {
  const edges = [startMs, endMs];
  for (const window of windows) {
    if (window.startMs > startMs) edges.push(window.startMs);
    if (window.endMs < endMs) edges.push(window.endMs);
  }
  const sorted = Float64Array.from(edges).sort();
  const pieces: Piece[] = [];
  for (let index = 1; index < sorted.length; index++) {
    const from = sorted[index - 1] as number;
    const lengthMs = (sorted[index] as number) - from;
    if (lengthMs > 0) pieces.push({ startMs: from, lengthMs, shares: [], freeMs: lengthMs, busyMs: 0, cpuMs: 0 });
  }
  return pieces;
}

/** The first piece that does not begin before a time. */
function firstFrom(pieces: readonly Piece[], timeMs: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle] as Piece).startMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Calls back with each piece within a window; no piece crosses its edges. */
function within(pieces: readonly Piece[], window: Times, visit: (piece: Piece) => void): void {
  for (let at = firstFrom(pieces, window.startMs); at < pieces.length; at++) {
    const piece = pieces[at] as Piece;
    if (piece.startMs >= window.endMs) return;
    visit(piece);
  }
}

/** Gives a claim what is left of the pieces within a window, and of what it has not been given yet. */
function serve(pieces: readonly Piece[], one: Claim, window: Times): void {
  const fraction = density(one);
  within(pieces, window, (piece) => {
    const share = piece.shares.find(({ claim: served }) => served === one);
    const ms = Math.min(piece.freeMs, fraction * piece.lengthMs - (share?.ms ?? 0));
    if (ms <= 0) return;
    piece.freeMs -= ms;
    if (share === undefined) piece.shares.push({ claim: one, ms });
    else share.ms += ms;
  });
}

/**
 * What the request waited for while a turn ran that nobody else is known to have held, and went on waiting for when that was
 * over: it is what held the request up then, not the turn. What was there by the end of the turn gives way to it: the
 * request was told of it then.
 */
function serveOutlasting(pieces: readonly Piece[], turn: Claim, waits: readonly Claim[]): void {
  if (turn.culprit !== undefined) return;
  const untilMs = turn.endMs + Math.max(OUTLASTING_MS, OUTLASTING_PART * (turn.endMs - turn.startMs));
  for (const wait of waits) {
    if (wait.endMs <= untilMs || wait.startMs >= turn.endMs) continue;
    serve(pieces, wait, { startMs: Math.max(wait.startMs, turn.startMs), endMs: turn.endMs });
  }
}

/** Gives each claim what those of higher rank, and earlier ones of its own, have left of its pieces. */
function claim(pieces: readonly Piece[], claims: readonly Claim[]): void {
  const ranked = claims
    .filter(({ wait }) => RANKS.has(wait))
    .sort((left, right) => (RANKS.get(left.wait) ?? 0) - (RANKS.get(right.wait) ?? 0));
  const waits = ranked.filter(({ wait }) => (RANKS.get(wait) ?? 0) > LAST_OF_THREAD);
  for (const one of ranked) {
    if (one.wait === 'blocked_loop') serveOutlasting(pieces, one, waits);
    serve(pieces, one, one);
  }
}

/**
 * Short turns: known as an amount a window. They can have held the request up only where it waited for nothing else, and
 * there they most likely were.
 */
function claimBusy(pieces: readonly Piece[], busy: readonly Window[]): void {
  for (const window of busy) {
    let inside = 0;
    let free = 0;
    within(pieces, window, (piece) => {
      inside += piece.lengthMs;
      free += piece.freeMs;
    });
    if (free <= 0) continue;
    const fraction = Math.min(1, (density(window) * inside) / free);
    within(pieces, window, (piece) => {
      const ms = fraction * piece.freeMs;
      piece.busyMs += ms;
      piece.freeMs -= ms;
    });
  }
}

/** For how long the thread collected in a window. */
function collectedIn(pieces: readonly Piece[], window: Window): number {
  let ms = 0;
  within(pieces, window, ({ shares }) => {
    for (const share of shares) if (share.claim.wait === 'gc') ms += share.ms;
  });
  return ms;
}

/**
 * Waiting for a CPU: known as two amounts a window. What fell into work is spread over that work, in proportion; the rest
 * was waited when the thread was to be woken: `claimWakes`.
 *
 * Not all of it is a lack: V8 collects with several threads, which keep the main thread from a CPU, with nobody else to
 * blame, for `HELPED` of what is left of a collection beside the lack. With a lack r, waited = r * busy + HELPED * (1 - r) *
 * collecting, which is solved for r. The less there is besides collections, the more an error of `HELPED` tells in that: of
 * nothing but collections all waiting is theirs, unless a quota is known to have been used up.
 */
function claimCpu(pieces: readonly Piece[], windows: readonly CpuWindow[]): void {
  for (const window of windows) {
    const lengthMs = window.endMs - window.startMs;
    const busyMs = window.busyMs >= 0 ? Math.min(lengthMs, window.busyMs) : 0;
    const ofBusyMs = window.ofBusyMs >= 0 ? Math.min(busyMs, window.ofBusyMs, window.amountMs) : 0;
    const collectedMs = Math.min(busyMs, collectedIn(pieces, window));
    const doubt = window.isThrottled || busyMs === 0 ? 0 : collectedMs / busyMs;
    const helpedMs = (HELPED + (1 - HELPED) * doubt) * collectedMs;
    const ofWork = busyMs > helpedMs ? Math.max(0, ofBusyMs - helpedMs) / (busyMs - helpedMs) : 0;
    within(pieces, window, (piece) => takeCpu(piece, ofWork));
  }
}

function takeCpu(piece: Piece, ofWork: number): void {
  for (const share of piece.shares) {
    if ((RANKS.get(share.claim.wait) ?? 0) > LAST_OF_THREAD) continue;
    piece.cpuMs += ofWork * share.ms;
    share.ms -= ofWork * share.ms;
  }
  piece.cpuMs += ofWork * piece.busyMs;
  piece.busyMs -= ofWork * piece.busyMs;
}

/** It explains what nothing else does. */
function claimWakes(pieces: readonly Piece[], wakes: readonly Times[]): void {
  for (const wake of wakes) {
    within(pieces, wake, (piece) => {
      piece.cpuMs += piece.freeMs;
      piece.freeMs = 0;
    });
  }
}

function sum(pieces: readonly Piece[], wallMs: number): Split {
  const split = emptySplit();
  for (const { shares, busyMs, cpuMs } of pieces) {
    for (const share of shares) split[causeOf(share.claim)] += share.ms;
    split.busy_loop += busyMs;
    split.cpu += cpuMs;
  }
  let explained = 0;
  for (const cause in split) explained += split[cause as Cause];
  split.unexplained = Math.max(0, wallMs - explained);
  return split;
}

/** By local root; of a trace there may be several. */
function culpritsOf(pieces: readonly Piece[]): Blame['culprits'] {
  const found = new Map<string, { culprit: Culprit; ms: number }>();
  for (const { shares } of pieces) {
    for (const { claim: one, ms } of shares) {
      const { culprit, isOwn, wait } = one;
      if (culprit === undefined || isOwn === true || wait !== 'blocked_loop') continue;
      const key = culprit.traceId + culprit.spanId;
      const known = found.get(key);
      if (known === undefined) found.set(key, { culprit, ms });
      else known.ms += ms;
    }
  }
  return [...found.values()].sort((left, right) => right.ms - left.ms);
}

/**
 * Splits the time of a local root into exclusive causes. A sweep over the pieces between all edges: in each, claims are
 * served by rank (see `RANKED`), each out of what is left; then short turns, then waiting for a CPU, which turns a part of
 * the work into waiting. What is then left is unexplained. O(n log n).
 */
export function sweep({ startMs, endMs, claims, busy, cpu, wokenMs }: Evidence): Blame {
  if (!(endMs > startMs)) return { split: emptySplit(), culprits: [] };
  const isInside = (window: Window): boolean => isTime(window, startMs, endMs);
  const [inClaims, inBusy, inCpu] = [claims.filter(isInside), busy.filter(isInside), cpu.filter(isInside)];
  const wakes = wakesIn(inCpu, wokenMs).filter((wake) => wake.endMs > startMs && wake.startMs < endMs);
  const pieces = cut(startMs, endMs, [...inClaims, ...inBusy, ...inCpu, ...wakes]);
  claim(pieces, inClaims);
  claimBusy(pieces, inBusy);
  claimCpu(pieces, inCpu);
  claimWakes(pieces, wakes);
  return { split: sum(pieces, endMs - startMs), culprits: culpritsOf(pieces) };
}
