import { threadId } from 'node:worker_threads';
import type { ThinnedStream } from './options.ts';

/** Events are thinned when all of them would cost more than this part of the target. */
const MATERIAL = 0.1;
const MOST = 1000;
/** How far 1/q may stray from a ratio that holds before another takes its place. */
const SLACK = 0.75;
/** An event that reads the clock costs this many readings of it: 49 to 39 ns in `npm run bench -- event-stream`. */
const CLOCK_READINGS = 1.25;

/** Keeps one in n of this thread's events below WARN, n following the recorded fraction, as long as events cost anything. */
export class EventThinning {
  ratio = 1;
  /** Events written since the stream began. */
  written = 0;
  /** Of all events, thinned out or not, since the look before. */
  #offered = 0;
  #lastOffered = 0;
  readonly #stream: ThinnedStream | undefined;

  constructor(stream: ThinnedStream | undefined) {
    this.#stream = stream;
  }

  /** Milliseconds that an event takes: to time one would take as long as the event. */
  costMs(clockMs: number): number {
    return CLOCK_READINGS * clockMs;
  }

  /** Reads the stream's counts. @returns events written since the last look */
  look(): number {
    const own = this.#stream?.statistics().threads.find((t) => t.threadId === threadId && t.pid === process.pid);
    if (own === undefined) return 0;
    const written = own.produced - this.written;
    this.written = own.produced;
    this.#offered = own.produced + own.thinned - this.#lastOffered;
    this.#lastOffered = own.produced + own.thinned;
    return Math.max(0, written);
  }

  /** @param seconds since the look before the last */
  apply(fraction: number, { target, clockMs, seconds }: { target: number; clockMs: number; seconds: number }): void {
    const share = (this.#offered * this.costMs(clockMs)) / 1000 / seconds;
    const isMaterial = share > MATERIAL * target;
    const wanted = isMaterial ? Math.min(MOST, 1 / fraction) : 1;
    if (Math.abs(wanted - this.ratio) > SLACK || (wanted === 1 && this.ratio !== 1)) this.#set(Math.round(wanted));
  }

  #set(ratio: number): void {
    if (ratio === this.ratio) return;
    this.ratio = ratio;
    this.#stream?.setThinning(ratio);
  }

  /** Keeps all events again. */
  release(): void {
    this.#set(1);
  }
}
