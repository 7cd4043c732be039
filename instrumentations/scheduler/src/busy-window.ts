import { noteThreadAmount } from '@sonde/instrumentation-kit';

/** Short turns are summed up over this long. */
const WINDOW_MS = 50;
/** After a pause this long a new window begins: it is then known better where the work was. */
const PAUSE_MS = 10;
/** Less work than this (ms) in a window explains nothing. */
const MIN_WORK_MS = 0.5;

/** Sums up short turns, and notes them as an amount a window. Some 5 ns a turn. */
export class BusyWindow {
  #startMs = 0;
  #endMs = Number.NEGATIVE_INFINITY;
  #workMs = 0;

  add(startMs: number, endMs: number, workMs: number): void {
    if (startMs - this.#endMs > PAUSE_MS || endMs - this.#startMs > WINDOW_MS) {
      this.flush();
      this.#startMs = startMs;
    }
    this.#endMs = endMs;
    this.#workMs += workMs;
  }

  flush(): void {
    if (this.#workMs >= MIN_WORK_MS) noteThreadAmount('busy_loop', this.#startMs, this.#endMs, this.#workMs);
    this.#workMs = 0;
    this.#startMs = this.#endMs;
  }
}
