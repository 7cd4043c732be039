import { ANSWERS, BLOCK_HEADER, OBSERVERS, REQUESTS } from './layout.ts';
import { type Observers, settledWithin } from './observers.ts';

/** How long a collection waits for other threads to refresh their sampled values; a blocked one shows its last ones. */
const ANSWER_TIMEOUT_MS = 20;
const WORDS_PER_CELL = 2;

function wordsOf(block: SharedArrayBuffer): Int32Array {
  return new Int32Array(block, 0, BLOCK_HEADER * WORDS_PER_CELL);
}

/**
 * Runs a thread's `observe` callbacks when a collector in another thread asks for it. Waits by a promise on shared
 * memory, which costs nothing meanwhile and keeps no thread alive.
 */
export class SampleResponder {
  readonly #observers: Observers;
  #words: Int32Array | undefined;
  #isArmed = false;

  constructor(observers: Observers) {
    this.#observers = observers;
  }

  /** Begins to listen, or tells collectors how many callbacks there are now. */
  update(firstBlock: SharedArrayBuffer | undefined): void {
    if (firstBlock === undefined) return;
    this.#words ??= wordsOf(firstBlock);
    Atomics.store(this.#words, OBSERVERS, this.#observers.size);
    this.#arm(this.#words, Atomics.load(this.#words, REQUESTS));
  }

  #arm(words: Int32Array, seen: number): void {
    if (this.#isArmed || this.#observers.size === 0) return;
    this.#isArmed = true;
    const waiting = Atomics.waitAsync(words, REQUESTS, seen);
    void Promise.resolve(waiting.value).then(() => this.#answer(words));
  }

  async #answer(words: Int32Array): Promise<void> {
    const request = Atomics.load(words, REQUESTS);
    await this.#observers.run();
    Atomics.store(words, ANSWERS, request);
    Atomics.notify(words, ANSWERS);
    this.#isArmed = false;
    this.#arm(words, request);
  }
}

/**
 * Asks other threads to refresh their sampled values. Returns a promise only if there is somebody to wait for: it
 * resolves when all have answered, or after 20 ms.
 */
export function requestSamples(firstBlocks: Iterable<SharedArrayBuffer>): Promise<void> | undefined {
  const pending: Promise<void>[] = [];
  for (const block of firstBlocks) {
    const words = wordsOf(block);
    if (Atomics.load(words, OBSERVERS) === 0) continue;
    const request = (Atomics.add(words, REQUESTS, 1) + 1) | 0;
    Atomics.notify(words, REQUESTS);
    pending.push(answered(words, request));
  }
  return pending.length === 0 ? undefined : settledWithin(pending, ANSWER_TIMEOUT_MS);
}

async function answered(words: Int32Array, request: number): Promise<void> {
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    const answer = Atomics.load(words, ANSWERS);
    const left = deadline - performance.now();
    if (((answer - request) | 0) >= 0 || left <= 0) return;
    await Atomics.waitAsync(words, ANSWERS, answer, left).value;
  }
}
