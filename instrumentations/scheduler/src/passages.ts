import type { Span } from '@opentelemetry/api';
import { type RootWaits, soleOpenRoot, waitsOf } from '@sonde/instrumentation-kit';
import { RAN_BEFORE, RUNS_ON } from './turn-witness.ts';

/** Less work than this (ms) explains nothing. */
const MIN_WORK_MS = 0.5;
/** A whole turn counts from here on (ms): there may be thousands. */
const MIN_TURN_MS = 0.05;
/** The loop waited for events if it did so for longer than this (ms): it looks for them in every turn. */
const IDLE_MS = 0.05;
/** A root that began this much later (ms) can have been there when a turn began. */
const FRESH_MS = 1;

/**
 * Notes of each request when it ran, and when it is seen to go on after something that nobody knows of (a timer, another's
 * promise), since when the loop was at work without having looked for what is due: so long at most was the request kept
 * waiting by it. Told what a `TurnWitness` is told.
 */
export class Passages {
  #turnStartMs = 0;
  #turnStartIdleMs = 0;
  /** The work of the turn before, after it waited for events, as far as that is known. */
  #workBeforeMs = 0;
  /** Since when the loop is known not to have waited, and how long it had before. */
  #sinceWaitMs = 0;
  #sinceIdleMs = 0;
  /** Who was seen last and goes on; undefined also for one who is in no recorded trace. */
  #runner: RootWaits | undefined;
  #goesOn = false;
  #isAnyoneSeen = false;
  #seenMs = 0;
  #seenIdleMs = 0;

  start(nowMs: number, idleMs: number): void {
    this.#workBeforeMs = 0;
    this.#begin(nowMs, idleMs);
  }

  /** @param root undefined: somebody who is in no recorded trace */
  see(root: Span | undefined, runs: number, nowMs: number, idleMs: number): void {
    const waits = root === undefined ? undefined : waitsOf(root);
    const workMs = workIn(nowMs - this.#seenMs, idleMs - this.#seenIdleMs);
    const sinceMs = this.#goesOn ? nowMs : nowMs - workMs;
    let goesOnMs = nowMs;
    if (this.#goesOn) ran(this.#runner, this.#seenMs, this.#seenMs + workMs);
    else if (waits !== undefined && (runs & RAN_BEFORE) !== 0) {
      goesOnMs = sinceMs;
      ran(waits, goesOnMs, nowMs);
    }
    if (waits !== undefined && waits !== this.#runner && (runs & RAN_BEFORE) !== 0)
      this.#wentOn(waits, goesOnMs, idleMs);
    if (this.#hasWaited(idleMs)) this.#noteWait(sinceMs, idleMs);
    this.#goesOn = (runs & RUNS_ON) !== 0;
    this.#runner = this.#goesOn ? waits : undefined;
    this.#isAnyoneSeen = true;
    this.#seenMs = nowMs;
    this.#seenIdleMs = idleMs;
  }

  turnEnded(nowMs: number, idleMs: number): void {
    const workMs = workIn(nowMs - this.#turnStartMs, idleMs - this.#turnStartIdleMs);
    if (this.#goesOn) {
      ran(this.#runner, this.#seenMs, this.#seenMs + workIn(nowMs - this.#seenMs, idleMs - this.#seenIdleMs));
    } else if (!this.#isAnyoneSeen && workMs >= MIN_TURN_MS) {
      const sole = soleOpenRoot();
      // Turns without a wait in between follow each other without a gap: they are kept as one.
      const startMs = this.#turnStartMs + Math.max(0, idleMs - this.#turnStartIdleMs);
      if (sole !== undefined && sole.startMs <= startMs + FRESH_MS) sole.addPassage('ran', startMs, nowMs);
    }
    this.#workBeforeMs = this.#hasWaited(idleMs) ? 0 : nowMs - this.#sinceWaitMs;
    this.#begin(nowMs, idleMs);
  }

  #begin(nowMs: number, idleMs: number): void {
    this.#turnStartMs = nowMs;
    this.#turnStartIdleMs = idleMs;
    this.#noteWait(nowMs, idleMs);
    this.#seenMs = nowMs;
    this.#seenIdleMs = idleMs;
    this.#runner = undefined;
    this.#goesOn = false;
    this.#isAnyoneSeen = false;
  }

  /** Since it was last known not to have. */
  #hasWaited(idleMs: number): boolean {
    return idleMs - this.#sinceIdleMs > IDLE_MS;
  }

  #noteWait(untilMs: number, idleMs: number): void {
    this.#sinceWaitMs = untilMs;
    this.#sinceIdleMs = idleMs;
  }

  #wentOn(waits: RootWaits, atMs: number, idleMs: number): void {
    const isWoken = idleMs - this.#turnStartIdleMs > IDLE_MS;
    // Without a wait in between, what was due after its place in the turn before has waited for one round of the loop.
    const fromMs = isWoken
      ? this.#wokenMs(atMs, idleMs)
      : atMs - Math.max(atMs - this.#turnStartMs, this.#workBeforeMs);
    if (fromMs <= waits.startMs && atMs - fromMs < MIN_WORK_MS) return;
    waits.addPassage(isWoken ? 'woken' : 'behind', fromMs, atMs);
  }

  /** What was before the wait kept nobody waiting who was woken by it; whether it was before is not known of what nobody saw. */
  #wokenMs(atMs: number, idleMs: number): number {
    return this.#hasWaited(idleMs) ? atMs : Math.min(atMs, this.#sinceWaitMs);
  }
}

function workIn(lengthMs: number, waitedMs: number): number {
  return Math.max(0, lengthMs - Math.max(0, waitedMs));
}

function ran(waits: RootWaits | undefined, startMs: number, endMs: number): void {
  if (endMs - startMs >= MIN_WORK_MS) waits?.addPassage('ran', startMs, endMs);
}
