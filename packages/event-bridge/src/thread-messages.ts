import { BroadcastChannel, type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';

/** Spoken by collectors, heard by every linked thread. */
const CALLS = 'sonde.threads.1.calls';
/** Spoken by every linked thread, heard by collectors. */
const NEWS = 'sonde.threads.1.news';

/** A thread has memory to attach; again when it grew. */
export interface Joined {
  readonly kind: 'joined';
  readonly from: number;
  readonly topic: string;
  readonly descriptor: unknown;
}

/** A thread has started a worker. */
export interface Started {
  readonly kind: 'started';
  readonly from: number;
  readonly threadId: number;
}

/** A worker of this thread has ended: its memory does not change any more. */
export interface Ended {
  readonly kind: 'ended';
  readonly from: number;
  readonly threadId: number;
}

export type News = Joined | Started | Ended;

/** Tells the collectors in other threads. */
export function tell(news: News): void {
  // BAD: one channel kept open for this. It would receive the news of all others and queue them, unread, for ever.
  const channel = new BroadcastChannel(NEWS);
  channel.postMessage(news);
  channel.close();
}

/** Something that hears messages, without keeping the thread alive. */
export interface Ear {
  /** Hears at once what is waiting. */
  drain(): void;
  close(): void;
}

function listen(name: string, hear: (message: unknown) => void): Ear {
  // The types of Node 22.15 do not know that it has unref() and may be read like a port.
  const channel = new BroadcastChannel(name) as BroadcastChannel & Pick<MessagePort, 'unref'>;
  const port = channel as unknown as MessagePort;
  channel.onmessage = (event: unknown): void => hear((event as { readonly data: unknown }).data);
  // After the handler: setting one makes the channel keep the thread alive.
  channel.unref();
  return {
    drain(): void {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        hear(next.message);
      }
    },
    close: () => channel.close(),
  };
}

function isNews(message: unknown): message is News {
  const { kind, from } = (message ?? {}) as Partial<News>;
  return (kind === 'joined' || kind === 'started' || kind === 'ended') && Number.isSafeInteger(from);
}

/** Hears the news of other threads. Any code of the process could speak on the channel: the shape is checked. */
export function hearNews(hear: (news: News) => void): Ear {
  return listen(NEWS, (message) => {
    if (isNews(message) && message.from !== threadId) hear(message);
  });
}

/** Hears a collector that asks who is there. */
export function hearCalls(hear: () => void): Ear {
  return listen(CALLS, (message) => {
    if (message !== threadId) hear();
  });
}

/** Asks every linked thread to say what it has. */
export function call(): void {
  const channel = new BroadcastChannel(CALLS);
  channel.postMessage(threadId);
  channel.close();
}
