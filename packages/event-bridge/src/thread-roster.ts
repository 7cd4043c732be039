import { guard } from '@sonde/instrumentation-kit';
import type { ThreadParticipant } from './types.ts';

/** Ended threads whose memory may linger at once: about 1 MiB each. */
const MAX_LINGERING = 16;
/** Ended threads remembered, for news of theirs that arrives late. Node never uses a thread id twice. */
const MAX_ENDED = 10_000;

interface Lingering {
  readonly threadId: number;
  readonly participant: ThreadParticipant;
  readonly untilMs: number;
}

/** The other threads as a collector knows them: what of theirs is attached, who started whom, who has ended. */
export class ThreadRoster {
  readonly #participants: ReadonlyMap<string, ThreadParticipant>;
  readonly #attached = new Map<number, Set<ThreadParticipant>>();
  /** Parent by child. */
  readonly #parents = new Map<number, number>();
  readonly #ended = new Set<number>();
  #lingering: Lingering[] = [];

  constructor(participants: readonly ThreadParticipant[]) {
    this.#participants = new Map(participants.map((participant) => [participant.topic, participant]));
  }

  get attached(): readonly number[] {
    return [...this.#attached.keys()];
  }

  joined(threadId: number, topic: string, descriptor: unknown): void {
    const participant = this.#participants.get(topic);
    if (participant === undefined) return;
    const attach = (): boolean => {
      participant.attach(descriptor);
      return true;
    };
    if (!guard(`event-bridge.attach.${topic}`, attach, false)) return;
    const known = this.#attached.get(threadId);
    if (known === undefined) this.#attached.set(threadId, new Set([participant]));
    else known.add(participant);
  }

  started(threadId: number, parent: number): void {
    this.#parents.set(threadId, parent);
  }

  /** A thread has ended, and with it, as Node sees to, every worker it had. */
  ended(threadId: number, nowMs: number): void {
    this.#remember(threadId);
    this.#parents.delete(threadId);
    for (const participant of this.#attached.get(threadId) ?? []) this.#release(threadId, participant, nowMs);
    for (const [child, parent] of [...this.#parents]) if (parent === threadId) this.ended(child, nowMs);
  }

  hasEnded(threadId: number): boolean {
    return this.#ended.has(threadId);
  }

  /** Detaches what has lingered long enough. */
  expire(nowMs: number): void {
    while (this.#lingering[0] !== undefined) {
      const [oldest] = this.#lingering;
      const isOver = oldest.untilMs <= nowMs || this.#lingering.length > MAX_LINGERING;
      if (!isOver) return;
      this.#lingering.shift();
      this.#detach(oldest.threadId, oldest.participant);
    }
  }

  #release(threadId: number, participant: ThreadParticipant, nowMs: number): void {
    const { lingerMs = 0 } = participant;
    if (lingerMs === 0) this.#detach(threadId, participant);
    else this.#lingering.push({ threadId, participant, untilMs: nowMs + lingerMs });
  }

  #detach(threadId: number, participant: ThreadParticipant): void {
    guard(`event-bridge.detach.${participant.topic}`, () => participant.detach(threadId), undefined);
    const known = this.#attached.get(threadId);
    known?.delete(participant);
    if (known?.size === 0) this.#attached.delete(threadId);
  }

  #remember(threadId: number): void {
    this.#ended.add(threadId);
    if (this.#ended.size <= MAX_ENDED) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      return;
    }
  }
}
