import { isMainThread, threadId } from 'node:worker_threads';
import { everyUnref, guard, guarded } from '@sonde/instrumentation-kit';
import { type ChildWatch, watchChildren } from './child-watch.ts';
import { checkFunction, checkNumber } from './config.ts';
import { call, type Ear, hearCalls, hearNews, type News, tell } from './thread-messages.ts';
import { ThreadRoster } from './thread-roster.ts';
import type { ThreadLink, ThreadLinkConfig, ThreadParticipant } from './types.ts';

/** What holds where nothing is given. */
export const LINK_DEFAULTS = {
  intervalMs: 250,
  now: (): number => performance.now(),
} as const;

const nothing = (): void => {};
const tellSafely = (news: News): void => guard('event-bridge.tell', () => tell(news), undefined);

class Link implements ThreadLink {
  readonly #participants: readonly ThreadParticipant[];
  readonly #now: () => number;
  /** The latest descriptor by topic: what a collector that comes later is told. */
  readonly #announced = new Map<string, unknown>();
  readonly #undo: (() => void)[] = [];
  readonly #children: ChildWatch;
  readonly #roster: ThreadRoster | undefined;
  readonly #news: Ear | undefined;

  constructor(participants: readonly ThreadParticipant[], config: Required<ThreadLinkConfig>) {
    this.#participants = participants;
    this.#now = config.now;
    this.#children = watchChildren((child) => this.#childStarted(child));
    const calls = hearCalls(guarded('event-bridge.called', () => this.#announceAll()));
    this.#undo.push(
      () => this.#children.close(),
      () => calls.close(),
    );
    if (config.collect) {
      this.#roster = new ThreadRoster(participants);
      const news = hearNews(guarded('event-bridge.news', (heard: News) => this.#hear(heard)));
      this.#undo.push(() => news.close());
      this.#news = news;
    }
    for (const participant of participants) this.#announce(participant);
    if (config.collect) call();
    this.#undo.push(everyUnref(this.sweep, config.intervalMs));
    if (!isMainThread) this.#publishAtExit();
  }

  get attached(): readonly number[] {
    return this.#roster === undefined ? [] : this.#roster.attached;
  }

  readonly sweep: () => void = guarded('event-bridge.sweep', () => {
    this.#publish();
    // First the news: what an ended thread announced last was sent before it ended.
    this.#news?.drain();
    for (const child of this.#children.takeEnded()) this.#childEnded(child);
    this.#roster?.expire(this.#now());
  });

  close(): void {
    for (const undo of this.#undo.splice(0)) guard('event-bridge.close', undo, undefined);
  }

  #announce(participant: ThreadParticipant): void {
    const { topic } = participant;
    const hear = guarded(`event-bridge.announce.${topic}`, (descriptor: unknown) => {
      this.#announced.set(topic, descriptor);
      tell({ kind: 'joined', from: threadId, topic, descriptor });
    });
    this.#undo.push(guard(`event-bridge.onAllocate.${topic}`, () => participant.onAllocate(hear), nothing));
  }

  #announceAll(): void {
    for (const child of this.#children.running) this.#childStarted(child);
    for (const [topic, descriptor] of this.#announced) tell({ kind: 'joined', from: threadId, topic, descriptor });
  }

  #publish(): void {
    for (const participant of this.#participants) {
      guard(`event-bridge.publish.${participant.topic}`, () => participant.publish?.(), undefined);
    }
  }

  #publishAtExit(): void {
    const publish = (): void => this.#publish();
    process.on('exit', publish);
    this.#undo.push(() => process.off('exit', publish));
  }

  #childStarted(child: number): void {
    this.#roster?.started(child, threadId);
    tellSafely({ kind: 'started', from: threadId, threadId: child });
  }

  #childEnded(child: number): void {
    this.#roster?.ended(child, this.#now());
    tellSafely({ kind: 'ended', from: threadId, threadId: child });
  }

  #hear(news: News): void {
    const roster = this.#roster as ThreadRoster;
    const nowMs = this.#now();
    if (news.kind === 'ended') roster.ended(news.threadId, nowMs);
    else if (news.kind === 'started') roster.started(news.threadId, news.from);
    else roster.joined(news.from, news.topic, news.descriptor);
    // Its end was known before this arrived.
    if (roster.hasEnded(news.from)) roster.ended(news.from, nowMs);
  }
}

/**
 * Joins the threads of this process: what the participants of each linked thread allocate (event rings, metric blocks)
 * is attached in the threads that collect, by default the main one, wherever in the tree of workers it is, and
 * detached after the thread has ended. Call it once in each thread; a preload by `--import` does so in every worker
 * started from a file.
 *
 * It speaks on BroadcastChannels of its own: no message, listener, exit code or lifetime of user code changes. A
 * worker started before its parent was linked is attached, but its end goes unnoticed if it is terminated.
 * @throws TypeError or RangeError for a bad option
 */
export function linkThreads(participants: readonly ThreadParticipant[], config: ThreadLinkConfig = {}): ThreadLink {
  const range = { min: 10, max: 60_000 };
  return new Link(participants, {
    collect: config.collect ?? isMainThread,
    intervalMs: checkNumber('linkThreads', 'intervalMs', config.intervalMs ?? LINK_DEFAULTS.intervalMs, range),
    now: checkFunction('linkThreads', 'now', config.now ?? LINK_DEFAULTS.now),
  });
}
