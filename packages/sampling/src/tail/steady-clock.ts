/** Milliseconds that never go back: a clock that does stands still meanwhile. One that throws or says nonsense, too. */
export class SteadyClock {
  readonly #read: () => number;
  #lastRead = 0;
  #nowMs = 0;

  constructor(read: () => number) {
    this.#read = read;
    this.now();
  }

  now(): number {
    let read = this.#lastRead;
    try {
      read = this.#read();
    } catch {
      return this.#nowMs;
    }
    if (!Number.isFinite(read)) return this.#nowMs;
    if (read > this.#lastRead) this.#nowMs += read - this.#lastRead;
    this.#lastRead = read;
    return this.#nowMs;
  }
}
