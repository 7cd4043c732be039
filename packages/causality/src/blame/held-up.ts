import type { RootWaits } from '@sonde/instrumentation-kit';
import type { Claim, Times, Window } from './sweep.ts';

/** Signs within this (ms) are one. */
const SAME_MS = 1;
/** Where it is not known since when the loop was at work, this long before a request went on. */
const SOON_MS = 5;
/** When in a short turn it was that something became due is not known: on average in the middle. */
const MEAN_PART = 0.5;

/** A moment at which the request is known to have gone on, and since when the loop can have kept it from that. */
interface Sign {
  readonly atMs: number;
  readonly fromMs: number;
}

/** When a request is known to have gone on, and how it fared in the loop before. */
export class Signs {
  readonly #signs: Sign[] = [];
  /** When it is known what the request did or waited for. */
  #known: Times[];
  /** Short turns: when the request ran, then what it can have waited behind. */
  readonly busy: readonly Window[];
  /** When the thread was woken and the request went on. */
  readonly wokenMs: number[] = [];

  /** @param waits what the request itself waited for */
  constructor(root: RootWaits, waits: readonly Claim[], { endMs: overMs }: Times) {
    const ran: Window[] = [];
    const behind: Window[] = [];
    root.visitPassages((passage, startMs, endMs, amountMs) => {
      // Of several that are kept as one it is not known where in that time they were.
      this.#add(endMs, endMs - amountMs);
      if (passage === 'ran') {
        ran.push({ startMs, endMs, amountMs });
        this.#add(startMs, startMs);
        return;
      }
      behind.push({ startMs, endMs, amountMs: MEAN_PART * amountMs });
      if (passage === 'woken') this.wokenMs.push(startMs);
    });
    this.busy = [...ran, ...behind];
    for (const { startMs, endMs } of waits) {
      this.#addUnlessKnown(startMs);
      this.#addUnlessKnown(endMs);
    }
    this.#addUnlessKnown(overMs);
    this.#known = union([...waits, ...ran]);
  }

  /** A long turn of its own. */
  ranInLongTurn({ startMs, endMs }: Times): void {
    this.#addUnlessKnown(startMs);
    this.#add(endMs, startMs);
    this.wokenMs.push(startMs);
  }

  /** These are known, too. */
  know(times: readonly Times[]): void {
    this.#known = union([...this.#known, ...times]);
  }

  /**
   * The parts of a long turn of somebody else, or of a collection, that held the request up: all of it before the request
   * went on right after it, or in it; otherwise those in which it is known what the request did or waited for.
   */
  heldUpBy(turn: Times): Times[] {
    let untilMs = turn.startMs;
    for (const { atMs, fromMs } of this.#signs) {
      if (atMs > turn.startMs + SAME_MS && fromMs <= turn.endMs)
        untilMs = Math.max(untilMs, Math.min(atMs, turn.endMs));
    }
    const parts: Times[] = untilMs > turn.startMs ? [{ startMs: turn.startMs, endMs: untilMs }] : [];
    for (const wait of this.#known) {
      const startMs = Math.max(wait.startMs, untilMs);
      const endMs = Math.min(wait.endMs, turn.endMs);
      if (endMs > startMs) parts.push({ startMs, endMs });
    }
    return parts;
  }

  #add(atMs: number, fromMs: number): void {
    this.#signs.push({ atMs, fromMs: fromMs - SAME_MS });
  }

  #addUnlessKnown(atMs: number): void {
    const isKnown = this.#signs.some((sign) => Math.abs(sign.atMs - atMs) <= SAME_MS);
    if (!isKnown) this.#add(atMs, atMs - SOON_MS);
  }
}

/** In order, without overlaps. */
function union(times: readonly Times[]): Times[] {
  const united: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of [...times].sort((left, right) => left.startMs - right.startMs)) {
    const last = united.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else united.push({ startMs, endMs });
  }
  return united;
}
