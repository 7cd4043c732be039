/** Entries kept of a thread. At one turn, one collection and one window each 50 ms: more than a minute. */
const CAPACITY = 4096;
/** Short waits of a kind that follow each other this closely (ms) are kept as one, up to `MAX_STRETCH_MS`. */
const NEAR_MS = 2;
const MAX_STRETCH_MS = 25;

/** Somebody on whose behalf the thread was held, by the local root span of the trace. */
export interface Culprit {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly route?: string | undefined;
  /** Nobody was seen at work, but nobody else was there: the request itself may know better. */
  readonly isGuess?: boolean;
}

/** More about a wait of the thread. */
export interface ThreadWaitRest {
  /** How much of the time it is. */
  readonly amountMs: number;
  /** Of `cpu`: how long the thread was at work meanwhile, on a CPU or not. */
  readonly busyMs?: number;
  /** Of `cpu`: how much of the amount fell into that work; the rest was waited when the thread was to be woken. */
  readonly ofBusyMs?: number;
  /** Of `cpu`: how often the thread woke up meanwhile. */
  readonly wakes?: number;
  /** Of `cpu`: whether a quota was used up meanwhile. */
  readonly isThrottled?: boolean;
  readonly culprit?: Culprit | undefined;
}

/** What is told of one wait of the thread. */
export type ThreadWaitVisitor = (kind: number, startMs: number, endMs: number, rest: Required<ThreadWaitRest>) => void;

/** What all requests of a thread waited for: a ring, the oldest entries give way. Times as everywhere in `waits.ts`. */
export class ThreadWaits {
  readonly #kinds = new Uint8Array(CAPACITY);
  readonly #starts = new Float64Array(CAPACITY);
  readonly #ends = new Float64Array(CAPACITY);
  readonly #amounts = new Float64Array(CAPACITY);
  readonly #busy = new Float64Array(CAPACITY);
  readonly #wakes = new Float64Array(CAPACITY);
  readonly #ofBusy = new Float64Array(CAPACITY);
  readonly #throttled = new Uint8Array(CAPACITY);
  /** The latest end of an entry and all before it: entries come in the order in which they are told. */
  readonly #latest = new Float64Array(CAPACITY);
  readonly #culprits: (Culprit | undefined)[] = [];
  #count = 0;

  /** The latest moment of which anything is known. */
  get latestMs(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : (this.#latest[(this.#count - 1) % CAPACITY] as number);
  }

  /** Some 10 ns. The caller has checked the times. */
  add(kind: number, startMs: number, endMs: number, rest: ThreadWaitRest): void {
    const { amountMs, busyMs = 0, ofBusyMs = 0, wakes = 0, isThrottled = false, culprit } = rest;
    if (culprit === undefined && this.#joinLast(kind, startMs, endMs, rest)) return;
    const at = this.#count % CAPACITY;
    const latestMs = this.latestMs;
    this.#kinds[at] = kind;
    this.#starts[at] = startMs;
    this.#ends[at] = endMs;
    this.#amounts[at] = amountMs;
    this.#busy[at] = busyMs;
    this.#ofBusy[at] = ofBusyMs;
    this.#wakes[at] = wakes;
    this.#throttled[at] = Number(isThrottled);
    this.#latest[at] = Math.max(endMs, latestMs);
    this.#culprits[at] = culprit;
    this.#count += 1;
  }

  /** All entries that overlap a time, the latest told first. */
  visit(fromMs: number, toMs: number, visitor: ThreadWaitVisitor): void {
    const oldest = Math.max(0, this.#count - CAPACITY);
    for (let index = this.#count - 1; index >= oldest; index--) {
      const at = index % CAPACITY;
      if ((this.#latest[at] as number) <= fromMs) return;
      const startMs = this.#starts[at] as number;
      const endMs = this.#ends[at] as number;
      if (endMs <= fromMs || startMs >= toMs) continue;
      const rest = {
        amountMs: this.#amounts[at] as number,
        busyMs: this.#busy[at] as number,
        ofBusyMs: this.#ofBusy[at] as number,
        wakes: this.#wakes[at] as number,
        isThrottled: this.#throttled[at] === 1,
        culprit: this.#culprits[at],
      };
      visitor(this.#kinds[at] as number, startMs, endMs, rest);
    }
  }

  /** Takes a short wait into the entry before, so that a storm of them does not push everything else out. */
  #joinLast(kind: number, startMs: number, endMs: number, rest: ThreadWaitRest): boolean {
    if (this.#count === 0) return false;
    const at = (this.#count - 1) % CAPACITY;
    if (this.#kinds[at] !== kind || this.#culprits[at] !== undefined) return false;
    const lastEnd = this.#ends[at] as number;
    const isNext = startMs >= lastEnd && startMs - lastEnd <= NEAR_MS;
    if (!isNext || endMs - (this.#starts[at] as number) > MAX_STRETCH_MS) return false;
    this.#ends[at] = endMs;
    this.#amounts[at] = (this.#amounts[at] as number) + rest.amountMs;
    this.#busy[at] = (this.#busy[at] as number) + (rest.busyMs ?? 0);
    this.#ofBusy[at] = (this.#ofBusy[at] as number) + (rest.ofBusyMs ?? 0);
    this.#wakes[at] = (this.#wakes[at] as number) + (rest.wakes ?? 0);
    if (rest.isThrottled === true) this.#throttled[at] = 1;
    this.#latest[at] = Math.max(endMs, this.#latest[at] as number);
    return true;
  }
}
