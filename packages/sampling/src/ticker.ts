/** Ticks without work after which a ticker stops: a sampler that nobody uses any more can be collected. */
const IDLE_TICKS = 60;

/** Calls back while there is work, and stops by itself; the next `work()` starts it again. */
export class Ticker {
  readonly #every: (callback: () => void, ms: number) => () => void;
  readonly #onTick: () => void;
  #stop: (() => void) | undefined;
  #idle = 0;
  #isClosed = false;

  constructor(every: (callback: () => void, ms: number) => () => void, onTick: () => void) {
    this.#every = every;
    this.#onTick = onTick;
  }

  /** There is work. One property read and a store while it ticks. @returns true when it had stopped */
  work(intervalMs: number): boolean {
    this.#idle = 0;
    if (this.#stop !== undefined || this.#isClosed) return false;
    this.#stop = this.#every(() => this.#tick(), intervalMs);
    return true;
  }

  #tick(): void {
    this.#idle += 1;
    this.#onTick();
    if (this.#idle > IDLE_TICKS) this.pause();
  }

  /** Stops until there is work. */
  pause(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Stops for good. */
  close(): void {
    this.#isClosed = true;
    this.pause();
  }
}
