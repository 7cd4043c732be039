/**
 * A side ring: what the messages of one direction of a channel carry, beside the channel, in memory that both threads
 * share. Message n has slot n; the wire is untouched. One writer, one reader.
 *
 * Plain stores do: a slot is filled before its message is handed to the channel, whose lock orders the two, and it is read
 * after the message was taken out of it.
 */

/** Size of a ring. */
export interface RingSize {
  /** A power of two. */
  readonly slots: number;
  /** For tracestate, baggage and the ports that travel; a power of two. */
  readonly textBytes: number;
}

/** Of a worker's own channel: a receiver this far behind (less the guard) misses contexts. */
export const WORKER_RING: RingSize = { slots: 4096, textBytes: 65_536 };
/** Of a message port that was sent to a worker. */
export const PORT_RING: RingSize = { slots: 1024, textBytes: 32_768 };
/** Holds the context in which a worker was started. */
export const START_RING: RingSize = { slots: 16, textBytes: 32_768 };

/**
 * A slot this close to being overwritten counts as gone. The writer tells how far it will go before it goes there, and by
 * the time it writes over this one it has sent this many messages since: each of their locks has made that visible.
 */
export const GUARD_SLOTS = 8;
/** The writer tells in steps of this part of a ring how far it will go: the reader's copy of that word stays good meanwhile. */
const LIMIT_STEPS = 64;

/**
 * Header words, each in the cache line of whoever writes it, for a line that two threads write costs each of them a miss a
 * message. Written now and then: the message before which the writer will stop to move this word, 1 while there is no
 * writer, and the first message that has a slot (those before were sent when there was no ring yet).
 */
export const LIMIT = 0;
export const STOPPED = 1;
export const BASE = 2;
/** Written once, by the reader: it has gone to another thread, and nobody takes anything up here any more. */
export const PARTED = 3;
/** Written by the writer with each message: messages sent, bytes of text written. */
export const HEAD = 16;
export const TEXT_HEAD = 17;
/** Written by the reader with each message: messages taken up. */
export const TAKEN = 32;
const HEADER_WORDS = 48;

/** Words of a slot. Its last four are the time sent (float64) and the account (two float32 of milliseconds before it). */
export const SLOT_WORDS = 16;
export const SEQUENCE = 0;
export const FLAGS = 1;
export const TRACE_ID = 2;
export const SPAN_ID = 6;
export const HLC_HIGH = 8;
export const HLC_LOW = 9;
export const TEXT_AT = 10;
export const TEXT_LENGTH = 11;
export const TIME = 12;
export const SENT_AGE = 14;
export const TAKEN_UP_AGE = 15;

/** The lowest 8 bits of the flags are those of the trace, the upper 16 tell what kind of message it is. */
export const TRACE_FLAGS = 0xff;
export const HAS_TRACE: number = 1 << 8;
export const HAS_ACCOUNT: number = 1 << 9;
export const HAS_TEXT: number = 1 << 10;
/** The span is one of the sender's own thread: it had not received it itself. */
export const IS_OWN_SPAN: number = 1 << 11;
export const KIND_SHIFT = 16;

/** Between tracestate, baggage and ports in the text: none of them holds one. */
export const SEPARATOR = '\n';
/**
 * Longer text is not carried, nor is more than half of what the ring holds. W3C allows 8,192 bytes of baggage, which are some
 * more as we write them, and wants 512 of tracestate carried.
 */
export const MAX_TEXT_BYTES = 16_384;
/** Of the ports that travel with one message, which must not be kept out by what else there is. */
export const MAX_PORTS_BYTES = 4096;

/** Views of one ring. */
export interface Ring {
  readonly size: RingSize;
  readonly header: Int32Array;
  readonly words: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  readonly text: Buffer;
}

/** In steps of how many messages the writer of a ring tells how far it will go. */
export function limitStep({ slots }: RingSize): number {
  return Math.max(1, slots / LIMIT_STEPS);
}

/** Bytes that a ring takes, a multiple of 64. */
export function ringBytes({ slots, textBytes }: RingSize): number {
  return (HEADER_WORDS + slots * SLOT_WORDS) * 4 + textBytes;
}

/** Before there is a writer: says how many messages have gone the same way without a slot. */
export function beginRing({ header }: Ring, sent: number): void {
  Atomics.store(header, LIMIT, sent);
  Atomics.store(header, HEAD, sent);
  Atomics.store(header, BASE, sent);
  Atomics.store(header, STOPPED, 1);
}

/** Views of the ring that begins at a byte (a multiple of 64) of shared memory. */
export function ringAt(memory: SharedArrayBuffer, at: number, size: RingSize): Ring {
  const slotsAt = at + HEADER_WORDS * 4;
  const count = size.slots * SLOT_WORDS;
  return {
    size,
    header: new Int32Array(memory, at, HEADER_WORDS),
    words: new Int32Array(memory, slotsAt, count),
    floats: new Float32Array(memory, slotsAt, count),
    doubles: new Float64Array(memory, slotsAt, count / 2),
    text: Buffer.from(memory as unknown as ArrayBuffer, slotsAt + count * 4, size.textBytes),
  };
}
