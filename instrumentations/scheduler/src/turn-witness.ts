import type { Span } from '@opentelemetry/api';

/** Sightings kept of one turn; of what is seen beyond them it is not known who was at work. */
const CAPACITY = 512;
/** Stretches closer to each other than this (ms) are one. */
const NEAR_MS = 0.5;
/** Between readings of two clocks that belong together at most. */
const CLOCKS_MS = 1;

/** Seen at this moment, the trace was at work right before. */
export const RAN_BEFORE = 1;
/** It is at work from this moment on. */
export const RUNS_ON = 2;

/** A part of a turn, at work throughout. */
export interface Stretch {
  startMs: number;
  endMs: number;
  /** The local root of the trace that was at work; undefined: it is not known who. */
  readonly root: Span | undefined;
  /** Somebody was, who is in no recorded trace. */
  readonly isStranger: boolean;
}

interface Owner {
  readonly root: Span | undefined;
  readonly isStranger: boolean;
}

const NOBODY: Owner = { root: undefined, isStranger: false };
const STRANGER: Owner = { root: undefined, isStranger: true };

/** What a witness reads. */
export interface WitnessClocks {
  /** Milliseconds of this thread's monotonic clock. */
  readonly now: () => number;
  /** Milliseconds that the loop has waited for events so far. */
  readonly idleMs: () => number;
}

/**
 * Who was at work when in a turn of the loop, by the moments at which traces are seen: at starts and ends of spans, when
 * work is handed to the libuv pool, when something that was waited for is there. The clock is read only when somebody else
 * is seen than before. The rule: a stretch belongs to who was seen last before it; if that one was not to go on (its root
 * span had ended), or nobody was seen yet, to who is seen next, if he can have been running. Who takes part in a turn
 * unseen, e.g. in a timer's callback that touches no span, is not known.
 */
export class TurnWitness {
  readonly #clocks: WitnessClocks;
  readonly #roots: (Span | undefined)[] = [];
  readonly #times = new Float64Array(CAPACITY);
  readonly #idle = new Float64Array(CAPACITY);
  readonly #runs = new Uint8Array(CAPACITY);
  #startMs = 0;
  #startIdleMs = 0;

  constructor(clocks: WitnessClocks) {
    this.#clocks = clocks;
  }

  /** A turn begins, or a part of one that is looked at on its own. */
  start(nowMs: number, idleMs: number): void {
    this.#startMs = nowMs;
    this.#startIdleMs = idleMs;
    if (this.#roots.length > 0) this.#roots.length = 0;
  }

  /** Whether this one was seen last, and goes on: then another sighting tells nothing new. */
  isAtWork(root: Span | undefined): boolean {
    const last = this.#roots.length - 1;
    return last >= 0 && this.#roots[last] === root && ((this.#runs[last] as number) & RUNS_ON) !== 0;
  }

  /**
   * A trace is seen. Some 5 ns if it was seen last, 60 ns otherwise.
   * @param root undefined: somebody begins who is in no recorded trace
   * @param runs `RAN_BEFORE`, `RUNS_ON` or both
   * @returns whether that is news, and was noted
   */
  see(root: Span | undefined, runs: number): boolean {
    if ((runs & RUNS_ON) !== 0 && this.isAtWork(root)) return false;
    const at = this.#roots.length;
    if (at < CAPACITY) {
      this.#times[at] = this.#clocks.now();
      this.#idle[at] = this.#clocks.idleMs();
      this.#runs[at] = runs;
      this.#roots.push(root);
      return true;
    }
    this.#runs[CAPACITY - 1] = 0;
    return false;
  }

  /** When somebody was seen last in this turn. */
  get seenMs(): number {
    return this.#times[this.#roots.length - 1] as number;
  }

  /** How long the loop had waited for events by then. */
  get seenIdleMs(): number {
    return this.#idle[this.#roots.length - 1] as number;
  }

  /** The stretches of work up to now, in order. */
  stretches(nowMs: number, idleMs: number): Stretch[] {
    const stretches: Stretch[] = [];
    let fromMs = this.#startMs;
    let fromIdle = this.#startIdleMs;
    for (let next = 0; next <= this.#roots.length; next++) {
      const isLast = next === this.#roots.length;
      const toMs = isLast ? nowMs : (this.#times[next] as number);
      const toIdle = isLast ? idleMs : (this.#idle[next] as number);
      const busy = busyIn(toMs - fromMs, toIdle - fromIdle);
      // Who was seen last worked on and then the loop waited; otherwise it is taken that it waited first.
      const startMs = this.#goesOn(next - 1) ? fromMs : toMs - busy;
      if (busy > 0) append(stretches, { startMs, endMs: startMs + busy, ...this.#ownerOf(next) });
      fromMs = toMs;
      fromIdle = toIdle;
    }
    trim(stretches, Math.max(0, nowMs - this.#startMs - (idleMs - this.#startIdleMs)));
    return stretches;
  }

  #goesOn(at: number): boolean {
    return at >= 0 && ((this.#runs[at] as number) & RUNS_ON) !== 0;
  }

  /** Who was at work between a sighting and the one before. */
  #ownerOf(next: number): Owner {
    if (this.#goesOn(next - 1)) {
      const root = this.#roots[next - 1];
      return root === undefined ? STRANGER : { root, isStranger: false };
    }
    const isSeen = next < this.#roots.length && ((this.#runs[next] as number) & RAN_BEFORE) !== 0;
    return isSeen ? { root: this.#roots[next], isStranger: false } : NOBODY;
  }
}

/** More waiting than there is time has been learned of late: it was before. The two clocks are read one after the other. */
function busyIn(lengthMs: number, waitedMs: number): number {
  return waitedMs > lengthMs + CLOCKS_MS ? lengthMs : Math.max(0, lengthMs - Math.max(0, waitedMs));
}

function append(stretches: Stretch[], stretch: Stretch): void {
  const last = stretches.at(-1);
  const isSame =
    last !== undefined &&
    last.root === stretch.root &&
    last.isStranger === stretch.isStranger &&
    stretch.startMs - last.endMs < NEAR_MS;
  if (isSame) last.endMs = stretch.endMs;
  else stretches.push(stretch);
}

/**
 * That the loop had waited may be known only later in the turn (see `IdleClock`): then the longest stretch is too long. It
 * has its work at its end, since the loop turns to what it was woken for.
 */
function trim(stretches: Stretch[], workMs: number): void {
  let sumMs = 0;
  let longest: Stretch | undefined;
  for (const stretch of stretches) {
    const lengthMs = stretch.endMs - stretch.startMs;
    sumMs += lengthMs;
    if (longest === undefined || lengthMs > longest.endMs - longest.startMs) longest = stretch;
  }
  if (longest !== undefined && sumMs > workMs) {
    longest.startMs = Math.min(longest.endMs, longest.startMs + sumMs - workMs);
  }
}
