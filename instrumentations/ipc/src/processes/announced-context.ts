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
 * But while there is no 'message' listener Node puts messages aside without a word, and emits them once there is one. So
 * the place that the message would take there is remembered, and where it cannot be told for certain which message is the
 * one, the context is given up.
 */
export class AnnouncedContext {
  readonly #end: LinkEnd;
  readonly #missed: () => void;
  #announced: Announcement | undefined;
  /** What was put aside when it was announced: older messages. */
  #pending: PendingMessage[] | undefined;
  #place = 0;
  /** How many of those were emitted since. */
  #emitted = 0;

  constructor(end: LinkEnd, missed: () => void) {
    this.#end = end;
    this.#missed = missed;
  }

  /** Whether one is waiting for its message. */
  get isWaiting(): boolean {
    return this.#announced !== undefined;
  }

  announce(announced: Announcement): void {
    this.cancel();
    this.#announced = announced;
    this.#await(pendingMessages(this.#end));
  }

  /** Something else has arrived, so the message is not coming any more, unless it was put aside meanwhile. */
  cancel(): void {
    this.settle();
    if (this.isWaiting) this.#giveUp();
  }

  /** The message is not coming, and nobody has missed anything. */
  forget(): void {
    this.#announced = undefined;
  }

  /** Marks the message if it was put aside meanwhile. */
  settle(): void {
    if (this.#announced === undefined || this.#pending === undefined) return;
    const put = this.#pending[this.#place];
    const pending = pendingMessages(this.#end);
    if (put !== undefined) {
      // Node lets go of the list when all in it have been emitted: too late for a mark.
      if (pending !== this.#pending) this.#giveUp();
      else this.#mark(put);
    } else if (pending !== this.#pending) this.#await(pending);
  }

  /** A message that was put aside, and marked, is emitted. */
  passed(): void {
    this.#emitted += 1;
  }

  /** A message is emitted: its context, if it is the one. */
  take(message: unknown): Announcement | undefined {
    this.settle();
    const announced = this.#announced;
    if (announced === undefined) return undefined;
    const older = this.#pending?.[this.#emitted];
    if (this.#emitted < this.#place && older !== undefined && Object.is(older[1], message)) {
      this.#emitted += 1;
      // Two texts that are alike may still be two messages.
      if (typeof message !== 'object' || message === null) this.#giveUp();
      return undefined;
    }
    this.#announced = undefined;
    return announced;
  }

  #await(pending: PendingMessage[] | undefined): void {
    this.#pending = pending;
    this.#place = pending?.length ?? 0;
    this.#emitted = 0;
  }

  #mark(put: PendingMessage): void {
    if (put.length === 3 && put[0] === 'message' && this.#announced !== undefined) put.push(new Mark(this.#announced));
    this.#announced = undefined;
  }

  #giveUp(): void {
    this.#announced = undefined;
    this.#missed();
  }
}
