import { type LinkEnd, type PendingMessage, pendingMessages } from './link-end.ts';
import type { MessageContext } from './message-context.ts';
import type { Announcement } from './wire.ts';

/** What came with a message: in its envelope, or ahead of it. */
export type Given = MessageContext | Announcement;

/** What a pending message is marked with: `emit` hands it to the hook, which takes it off again. */
export class Mark {
  readonly given: Given;

  constructor(given: Given) {
    this.given = given;
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
  #announced: Announcement | undefined;
  #pending: PendingMessage[] | undefined;
  #place = 0;

  constructor(end: LinkEnd) {
    this.#end = end;
  }

  /** @returns false when the one announced before was given up */
  announce(announced: Announcement | undefined): boolean {
    const isSettled = this.settle();
    const isForgotten = isSettled && this.#announced !== undefined;
    this.#announced = announced;
    this.#pending = announced === undefined ? undefined : pendingMessages(this.#end);
    this.#place = this.#pending?.length ?? 0;
    return isSettled && !isForgotten;
  }

  /** Anything but a message arrived, or a listener comes: marks the message if it was put aside meanwhile. */
  settle(): boolean {
    if (this.#announced === undefined) return true;
    const pending = pendingMessages(this.#end);
    if (pending === undefined || pending !== this.#pending) return this.#giveUp();
    const put = pending[this.#place];
    if (put === undefined) return true;
    if (put.length === 3 && put[0] === 'message') put.push(new Mark(this.#announced));
    this.#announced = undefined;
    return true;
  }

  /** Whether one is waiting for its message. */
  get isWaiting(): boolean {
    return this.#announced !== undefined;
  }

  /** A message is emitted: the context that belongs to it. While older ones are still put aside, it may be one of them. */
  take(): Announcement | undefined {
    const announced = this.#announced;
    this.#announced = undefined;
    return announced !== undefined && this.#place === 0 && this.#pending === pendingMessages(this.#end)
      ? announced
      : undefined;
  }

  #giveUp(): false {
    this.#announced = undefined;
    return false;
  }
}
