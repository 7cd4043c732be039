/** Messages of a peer that are remembered: one that is not answered before this many more have come is forgotten. */
export const MAX_TAKEN_UP = 256;

const ID_WORDS = 4;
/** When it was sent and taken up. */
const TIMES = 2;
/** What has become of a message: still to be answered, answered from its own context, taken for answered from another. */
const OPEN = 0;
const ANSWERED = 1;
const GUESSED = 2;

/** The four words of a trace id. */
export interface TraceWords {
  readonly trace0: number;
  readonly trace1: number;
  readonly trace2: number;
  readonly trace3: number;
}

/** There is no such message. */
export const NOWHERE = -1;

/**
 * The messages that were taken up from one peer, by trace: an answer may be sent from the handler of some other message
 * (that of a child which was asked), whose context does not say what it answers. Numbers in a ring, so that a message costs
 * a few stores and nothing is kept alive. A message is known by its place, which is never given to another.
 */
export class TakenUp {
  #ids: Int32Array | undefined;
  /** The last word of each once more, for a quick search: the first ones are the time in some traces. */
  #lasts = new Int32Array(0);
  #times = new Float64Array(0);
  #states = new Uint8Array(0);
  /** The place of the next message. */
  #next = 0;
  #settled = NOWHERE;

  /** Whether nothing was taken up yet. */
  get isEmpty(): boolean {
    return this.#next === 0;
  }

  /**
   * A message of a trace was taken up, which answers nothing.
   * @returns its place
   */
  add({ trace0, trace1, trace2, trace3 }: TraceWords, sentMs: number, takenUpMs: number): number {
    const known = this.#ids ?? this.#allocate();
    const place = this.#next;
    const index = place & (MAX_TAKEN_UP - 1);
    this.#next = place + 1;
    const at = index * ID_WORDS;
    known[at] = trace0;
    known[at + 1] = trace1;
    known[at + 2] = trace2;
    known[at + 3] = trace3;
    this.#lasts[index] = trace3;
    this.#times[index * TIMES] = sentMs;
    this.#times[index * TIMES + 1] = takenUpMs;
    this.#states[index] = OPEN;
    return place;
  }

  /**
   * What is answered by something that is sent in a trace: the message of that trace that has waited longest for its answer.
   * Where several wait, it may answer a later one; the time in which at least one of them waits comes out right all the same.
   * If all were answered already, the last one: it is an answer nevertheless.
   * @returns its place, or `NOWHERE`
   */
  find(words: Int32Array, at: number): number {
    const ids = this.#ids;
    if (ids === undefined) return NOWHERE;
    const last = words[at + ID_WORDS - 1] as number;
    let open = Number.POSITIVE_INFINITY;
    let answered = NOWHERE;
    for (let index = this.#lasts.indexOf(last); index >= 0; index = this.#lasts.indexOf(last, index + 1)) {
      const place = this.#next - 1 - ((this.#next - 1 - index) & (MAX_TAKEN_UP - 1));
      if (place < 0 || !isSame(ids, index * ID_WORDS, words, at)) continue;
      if (this.#states[index] === OPEN) open = Math.min(open, place);
      else answered = Math.max(answered, place);
    }
    return open < this.#next ? open : answered;
  }

  /** Whether a message was answered, or is not known any more. */
  isAnswered(place: number): boolean {
    return !this.#has(place) || this.#states[place & (MAX_TAKEN_UP - 1)] !== OPEN;
  }

  /** `performance.now()` of this thread; of one that is remembered. */
  sentMs(place: number): number {
    return this.#times[(place & (MAX_TAKEN_UP - 1)) * TIMES] as number;
  }

  takenUpMs(place: number): number {
    return this.#times[(place & (MAX_TAKEN_UP - 1)) * TIMES + 1] as number;
  }

  /** A message is being answered from its own context. */
  answer(place: number): void {
    this.#settled = NOWHERE;
    if (!this.#has(place)) return;
    const index = place & (MAX_TAKEN_UP - 1);
    const before = this.#states[index];
    this.#states[index] = ANSWERED;
    if (before === OPEN) this.#settled = place;
    // What was taken for its answer was that of another one.
    else if (before === GUESSED) this.guess(this.find(this.#ids as Int32Array, index * ID_WORDS));
  }

  /** Something is sent that may well be the answer of a message, from another context. */
  guess(place: number): void {
    this.#settled = NOWHERE;
    if (this.isAnswered(place)) return;
    this.#states[place & (MAX_TAKEN_UP - 1)] = GUESSED;
    this.#settled = place;
  }

  /** The last answer could not be sent. */
  takeBack(): void {
    if (this.#has(this.#settled)) this.#states[this.#settled & (MAX_TAKEN_UP - 1)] = OPEN;
    this.#settled = NOWHERE;
  }

  #has(place: number): boolean {
    return place >= 0 && place < this.#next && place >= this.#next - MAX_TAKEN_UP;
  }

  #allocate(): Int32Array {
    this.#ids = new Int32Array(MAX_TAKEN_UP * ID_WORDS);
    this.#lasts = new Int32Array(MAX_TAKEN_UP);
    this.#times = new Float64Array(MAX_TAKEN_UP * TIMES);
    this.#states = new Uint8Array(MAX_TAKEN_UP);
    return this.#ids;
  }
}

function isSame(left: Int32Array, at: number, right: Int32Array, from: number): boolean {
  for (let word = 0; word < ID_WORDS; word++) if (left[at + word] !== right[from + word]) return false;
  return true;
}
