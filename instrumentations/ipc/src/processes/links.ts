import type { Channel } from '../channels.ts';
import type { LinkEnd } from './link-end.ts';
import { type LinkConfig, ProcessLink } from './process-link.ts';

/** What was last seen of the pipe under a link. */
interface Seen {
  read: number;
  written: number;
}

/** Totals of the open links of one name. */
interface Totals {
  messages: number;
  bytes: number;
}

/** Told at each collection. */
export interface QueueGauges {
  /** Bytes that the pipe has not taken yet. */
  readonly size: (channel: Channel, bytes: number) => void;
}

// Ends whose link was stopped but still opens what is under way.
const lingering = new WeakMap<object, ProcessLink>();

/** The open links of this thread. */
export class Links {
  readonly #byEnd = new WeakMap<object, ProcessLink>();
  readonly #open = new Map<ProcessLink, Seen>();
  readonly #totals = new Map<Channel, Totals>();
  readonly #gauges: QueueGauges;

  constructor(gauges: QueueGauges) {
    this.#gauges = gauges;
  }

  of(end: object): ProcessLink | undefined {
    return this.#byEnd.get(end);
  }

  add(config: LinkConfig): ProcessLink {
    lingering.get(config.end)?.retire();
    lingering.delete(config.end);
    const link = new ProcessLink(config);
    this.#byEnd.set(config.end, link);
    this.#open.set(link, { read: link.handle?.bytesRead ?? 0, written: link.handle?.bytesWritten ?? 0 });
    return link;
  }

  /** Its channel has closed. Messages that came before are still emitted in their contexts. */
  closed(link: ProcessLink): void {
    const seen = this.#open.get(link);
    if (seen === undefined) return;
    this.#open.delete(link);
    link.closed();
    this.#count(link, seen);
  }

  /** Bytes that went through the pipes, and what waits in them. */
  observe(): void {
    for (const totals of this.#totals.values()) {
      totals.messages = 0;
      totals.bytes = 0;
    }
    for (const [link, seen] of this.#open) {
      this.#count(link, seen);
      const totals = this.#totalsOf(link.channel);
      totals.messages += handleQueue(link.end);
      totals.bytes += link.handle?.writeQueueSize ?? 0;
    }
    for (const [channel, { messages, bytes }] of this.#totals) {
      channel.depth(messages);
      this.#gauges.size(channel, bytes);
    }
  }

  stop(): void {
    for (const link of this.#open.keys()) {
      link.stop();
      lingering.set(link.end, link);
    }
    this.#open.clear();
  }

  #count({ handle, channel }: ProcessLink, seen: Seen): void {
    if (handle === undefined) return;
    const { bytesRead, bytesWritten } = handle;
    if (bytesRead > seen.read) channel.io('receive', bytesRead - seen.read);
    if (bytesWritten > seen.written) channel.io('transmit', bytesWritten - seen.written);
    seen.read = bytesRead;
    seen.written = bytesWritten;
  }

  #totalsOf(channel: Channel): Totals {
    const known = this.#totals.get(channel);
    if (known !== undefined) return known;
    const totals = { messages: 0, bytes: 0 };
    this.#totals.set(channel, totals);
    return totals;
  }
}

function handleQueue({ _handleQueue }: LinkEnd): number {
  return Array.isArray(_handleQueue) ? _handleQueue.length : 0;
}
