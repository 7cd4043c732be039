/** How full the process is, each 0 to 1. */
export interface Fullness {
  /** Utilisation of the event loop since the last look. */
  readonly loop: number;
  readonly heap: number;
  readonly queue: number;
}

const LOOP_ON = 0.95;
const FULL_ON = 0.9;
const OFF = 0.75;
const LEAST_MS = 10_000;

/**
 * On while the process has no time or memory left; off again with everything below 75 %, after 10 s at the earliest. The
 * loop must have been busy at two looks running: one long block is none of the load that sampling could ease.
 */
export class EmergencySwitch {
  isOn = false;
  count = 0;
  #sinceMs = 0;
  #wasBusy = false;

  look({ loop, heap, queue }: Fullness, nowMs: number): void {
    const isBusy = loop >= LOOP_ON;
    if (this.isOn) this.#leave(Math.max(loop, heap, queue), nowMs);
    else if (heap >= FULL_ON || queue >= FULL_ON || (isBusy && this.#wasBusy)) this.#enter(nowMs);
    this.#wasBusy = isBusy;
  }

  #enter(nowMs: number): void {
    this.isOn = true;
    this.count += 1;
    this.#sinceMs = nowMs;
  }

  #leave(fullness: number, nowMs: number): void {
    // A clock that went back must not hold it for ever.
    if (nowMs < this.#sinceMs) this.#sinceMs = nowMs;
    if (fullness <= OFF && nowMs - this.#sinceMs >= LEAST_MS) this.isOn = false;
  }
}
