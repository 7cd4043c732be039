import { type LinkEnd, type PendingMessage, pendingMessages } from './link-end.ts';
import type { Enclosed } from './wire.ts';

/** What a pending message is marked with: `emit` hands it to the hook, which takes it off again. */
export class Mark {
  readonly enclosed: Enclosed;

  constructor(enclosed: Enclosed) {
    this.enclosed = enclosed;
  }
}

/**
 * The context that was announced for the next message. A channel keeps its order, so that is the next thing to arrive.
 * But while there is no 'message' listener Node puts messages aside without a word, to emit them later. So the place that
 * the message takes there is remembered, and whenever it cannot be told for certain which message is the one, the
 * context is given up.
 */
export class AnnouncedContext {
  readonly #end: LinkEnd;
  #enclosed: Enclosed | undefined;
  #pending: PendingMessage[] | undefined;
  #place = 0;

  constructor(end: LinkEnd) {
    this.#end = end;
  }

  /** @returns false when the one announced before was given up */
  announce(enclosed: Enclosed | undefined): boolean {
    const isSettled = this.settle();
    const isForgotten = isSettled && this.#enclosed !== undefined;
    this.#enclosed = enclosed;
    this.#pending = enclosed === undefined ? undefined : pendingMessages(this.#end);
    this.#place = this.#pending?.length ?? 0;
    return isSettled && !isForgotten;
  }

  /** Anything but a message arrived, or a listener comes: marks the message if it was put aside meanwhile. */
  settle(): boolean {
    if (this.#enclosed === undefined) return true;
    const pending = pendingMessages(this.#end);
    if (pending === undefined || pending !== this.#pending) return this.#giveUp();
    const put = pending[this.#place];
    if (put === undefined) return true;
    if (put.length === 3 && put[0] === 'message') put.push(new Mark(this.#enclosed));
    this.#enclosed = undefined;
    return true;
  }

  /** Whether one is waiting for its message. */
  get isWaiting(): boolean {
    return this.#enclosed !== undefined;
  }

  /** A message is emitted: the context that belongs to it. While older ones are still put aside, it may be one of them. */
  take(): Enclosed | undefined {
    const enclosed = this.#enclosed;
    this.#enclosed = undefined;
    return enclosed !== undefined && this.#place === 0 && this.#pending === pendingMessages(this.#end)
      ? enclosed
      : undefined;
  }

  #giveUp(): false {
    this.#enclosed = undefined;
    return false;
  }
}
