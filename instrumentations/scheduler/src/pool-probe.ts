import type { BoundHistogram } from '@sonde/hot-metrics';

/** Does something trivial in the libuv pool. */
export type TrivialWork = (done: () => void) => void;

/** Measures how long a trivial operation takes through the pool and back to the loop: one at a time, one a collection. */
export class PoolProbe {
  readonly #work: TrivialWork;
  readonly #duration: BoundHistogram;
  readonly #now: () => number;
  #isPending = false;

  constructor(work: TrivialWork, duration: BoundHistogram, now: () => number) {
    this.#work = work;
    this.#duration = duration;
    this.#now = now;
  }

  observe(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    const startMs = this.#now();
    this.#work(() => {
      this.#isPending = false;
      this.#duration.record((this.#now() - startMs) / 1000);
    });
  }
}
