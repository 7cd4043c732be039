/** One kind of reading from the operating system, taken when a reader collects and never on a timer. */
export interface SystemSource {
  /** What is missing without it, for the message. */
  readonly what: string;
  /**
   * Reads and reports. Opens what it needs at the first call.
   * @throws when it cannot be read; it is said once then, closed, and not asked again
   */
  observe(): void;
  close(): void;
}

/** A running total of which only what comes after the first reading is reported: it began long before this process. */
export class Growth {
  #last = Number.NaN;

  /** What was added since the last call; 0 at the first, and when the total went back. */
  to(total: number): number {
    const grown = total - this.#last;
    this.#last = total;
    if (!(grown > 0)) return 0; // NaN at the first call
    return grown;
  }
}
