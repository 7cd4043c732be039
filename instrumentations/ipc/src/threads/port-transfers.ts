import { MessagePort } from 'node:worker_threads';
import type { HybridClock } from '@sonde/event-stream';
import { guard } from '@sonde/instrumentation-kit';
import type { ChannelNames, Channels } from '../channels.ts';
import type { Link } from './link.ts';
import type { ObservedPort } from './observed-port.ts';
import { type Path, pathTo, valueAt } from './port-paths.ts';
import { beginRing, MAX_PORTS_BYTES } from './ring-layout.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';

/** A port that is about to go to another thread, while its other end stays here. */
export interface Offer {
  readonly leaving: ObservedPort;
  /** Rings of the arena; undefined when it goes without. */
  readonly ring: number | undefined;
  readonly path: Path | undefined;
  /** Messages that both ends had sent by then. */
  readonly sent: number;
}

/** How an offer travels: ring or {@link NO_RING}, messages that the port had received, path. */
type Description = readonly [ring: number, received: number, path: Path];

/** What the transfers need from their surroundings. */
export interface TransferParts {
  readonly channels: Channels;
  readonly clock: HybridClock;
  readonly find: (port: unknown) => ObservedPort | undefined;
  /** Begins to observe a port that has arrived. */
  readonly observe: (
    port: MessagePort,
    names: { readonly system: string; readonly destination: string },
  ) => ObservedPort;
  /** A port has gone to another thread. */
  readonly forget: (observed: ObservedPort) => void;
}

export const PORT_SYSTEM = 'nodejs.message_port';
/** What ports are called while both ends are in one thread, or where nobody knows where the other is. */
export const LOCAL: ChannelNames = { system: PORT_SYSTEM, destination: 'port' };
/** In place of a ring: the port is counted, and nothing goes along with its messages. */
const NO_RING = -1;
/** What the description of a port takes at most besides its path, and that of them all. */
const NUMBERS_BYTES = 18;
const LIST_BYTES = 2;

/** An own array, without running a getter of the application twice. */
function transferListOf(second: unknown): readonly unknown[] {
  if (Array.isArray(second)) return second;
  if (typeof second !== 'object' || second === null) return [];
  const list: unknown = Object.getOwnPropertyDescriptor(second, 'transfer')?.value;
  return Array.isArray(list) ? list : [];
}

/** Takes the rings of message ports along when they go to another thread. */
export class PortTransfers {
  readonly #parts: TransferParts;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  /** Finds the observed ports in the transfer list of a message (its first argument, the list in its second). */
  offer(carrier: ObservedPort, [message, second]: readonly unknown[]): readonly Offer[] | undefined {
    return guard('ipc.transfer', () => this.offerList(carrier.link, message, transferListOf(second)), undefined);
  }

  offerList(link: Link | undefined, message: unknown, list: readonly unknown[]): readonly Offer[] | undefined {
    const offers: Offer[] = [];
    let room = MAX_PORTS_BYTES - LIST_BYTES;
    for (const item of list) {
      const leaving = this.#parts.find(item);
      if (leaving === undefined) continue;
      const path = pathTo(message, leaving.port);
      const bytes = path === undefined ? 0 : Buffer.byteLength(JSON.stringify(path)) + NUMBERS_BYTES;
      const isFit = bytes <= room;
      if (isFit) room -= bytes;
      offers.push(this.#offerOne(leaving, link, isFit ? path : undefined));
    }
    return offers.length === 0 ? undefined : offers;
  }

  #offerOne(leaving: ObservedPort, link: Link | undefined, path: Path | undefined): Offer {
    const staying = leaving.other;
    const sent = leaving.sent + (staying?.sent ?? 0);
    const without = { leaving, ring: undefined, path, sent };
    const hasRings = leaving.ring !== undefined || staying?.ring !== undefined;
    if (link === undefined || staying === undefined || hasRings || path === undefined) return without;
    const ring = link.arena.allocate();
    if (ring === undefined) return without;
    const { down, up } = link.arena.port(ring);
    beginRing(down, staying.sent);
    beginRing(up, leaving.sent);
    return { leaving, ring, path, sent };
  }

  /** How the offers travel with the message. */
  describe(offers: readonly Offer[]): string {
    const described: Description[] = [];
    for (const { ring, path, leaving } of offers) {
      if (path !== undefined) described.push([ring ?? NO_RING, leaving.received, path]);
    }
    return described.length === 0 ? '' : JSON.stringify(described);
  }

  /** The message has been sent: its ports are gone. */
  commit({ link }: Pick<ObservedPort, 'link'>, offers: readonly Offer[]): void {
    guard('ipc.transfer', () => this.#commitAll(link, offers), undefined);
  }

  #commitAll(link: Link | undefined, offers: readonly Offer[]): void {
    const { channels, clock, forget } = this.#parts;
    for (const { leaving, ring, sent } of offers) {
      const staying = leaving.other;
      const isStill = leaving.sent + (staying?.sent ?? 0) === sent;
      forget(leaving);
      leaving.reader?.part();
      leaving.stop();
      if (staying === undefined || ring === undefined || link === undefined) continue;
      const { down, up } = link.arena.port(ring);
      // Not still: a getter of the message has sent something over the very port that leaves with it.
      if (!isStill || !staying.isActive) continue;
      staying.link = link;
      staying.ring = ring;
      staying.channel = channels.of({ system: PORT_SYSTEM, destination: link.destination });
      staying.writer = new RingWriter(down, clock, link);
      staying.reader = new RingReader(up, clock, { peer: link, taken: staying.received });
    }
  }

  /** It is not known any more where the other end is. */
  lost(observed: ObservedPort): void {
    observed.channel = this.#parts.channels.of(LOCAL);
  }

  /** The message was not sent: everything is as before. */
  withdraw({ link }: Pick<ObservedPort, 'link'>, offers: readonly Offer[]): void {
    for (const { ring } of offers) {
      if (ring === undefined || link === undefined) continue;
      link.arena.release(ring);
      link.arena.release(ring);
    }
  }

  /** A message has arrived with ports: gives them the rings that were described. */
  adopt({ link }: Pick<ObservedPort, 'link'>, text: string, message: unknown): void {
    if (link === undefined) return;
    guard('ipc.transfer', () => this.#adoptAll(link, JSON.parse(text) as Description[], message), undefined);
  }

  #adoptAll(link: Link, descriptions: readonly Description[], message: unknown): void {
    const { clock, observe, find } = this.#parts;
    for (const [ring, received, path] of descriptions) {
      const hasRing = ring !== NO_RING;
      if (hasRing && !link.arena.has(ring)) continue;
      const port = valueAt(message, path);
      if (!(port instanceof MessagePort) || find(port) !== undefined) {
        if (hasRing) link.arena.release(ring);
        continue;
      }
      if (!hasRing) {
        observe(port, LOCAL);
        continue;
      }
      const { down, up } = link.arena.port(ring);
      const observed = observe(port, { system: PORT_SYSTEM, destination: link.destination });
      observed.link = link;
      observed.ring = ring;
      observed.writer = new RingWriter(up, clock, link);
      observed.reader = new RingReader(down, clock, { peer: link, taken: received });
    }
  }
}
