import { types } from 'node:util';
import {
  beginRing,
  PORT_RING,
  type Ring,
  type RingSize,
  ringAt,
  ringBytes,
  START_RING,
  WORKER_RING,
} from './ring-layout.ts';

/**
 * The memory that a worker and the thread that started it share: the rings of both directions, the context of the start,
 * and, as they are needed, those of the message ports that go from one to the other. It grows; its pages cost nothing
 * before they are written.
 */

/** Tells this layout from any other. */
const MAGIC = 0x50_43_49_02;
const HEADER_BYTES = 512;
/** Header words. */
const MAGIC_AT = 0;
const THREAD_AT = 1;
const ATTACHED_AT = 2;
const STATES_AT = 16;
/** Ports that a worker and its parent can have between them at a time. */
const MAX_PORTS = 64;
/** Both ends of a port. */
const ENDS = 2;
/** The worker may be quicker than the line that writes its thread id down. */
const THREAD_WAIT_MS = 200;

const START_AT = HEADER_BYTES;
const DOWN_AT = START_AT + ringBytes(START_RING);
const UP_AT = DOWN_AT + ringBytes(WORKER_RING);
const PORTS_AT = UP_AT + ringBytes(WORKER_RING);
const PORT_BYTES = 2 * ringBytes(PORT_RING);
const MAX_BYTES = PORTS_AT + MAX_PORTS * PORT_BYTES;

/** The rings of a channel with two ends: `down` leads away from the side that made it. */
export interface RingPair {
  readonly down: Ring;
  readonly up: Ring;
}

export class Arena {
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4);
  }

  get start(): Ring {
    return ringAt(this.memory, START_AT, START_RING);
  }

  get worker(): RingPair {
    return this.#pair(DOWN_AT, WORKER_RING);
  }

  /** Whether the worker has taken its side up. */
  get isAttached(): boolean {
    return Atomics.load(this.#header, ATTACHED_AT) === 1;
  }

  /** The parent tells for which thread this is: a worker of a worker that nobody observes inherits the memory as well. */
  assign(threadId: number): void {
    Atomics.store(this.#header, THREAD_AT, threadId);
    Atomics.notify(this.#header, THREAD_AT);
  }

  /** The worker takes its side up, once. False when it is somebody else's. */
  attach(threadId: number): boolean {
    Atomics.wait(this.#header, THREAD_AT, 0, THREAD_WAIT_MS);
    if (Atomics.load(this.#header, THREAD_AT) !== threadId) return false;
    return Atomics.compareExchange(this.#header, ATTACHED_AT, 0, 1) === 0;
  }

  /** Takes rings for a port; undefined when all are in use. */
  allocate(): number | undefined {
    for (let index = 0; index < MAX_PORTS; index++) {
      if (Atomics.compareExchange(this.#header, STATES_AT + index, 0, ENDS) !== 0) continue;
      const end = PORTS_AT + (index + 1) * PORT_BYTES;
      if (this.#grow(end)) {
        new Int32Array(this.memory, end - PORT_BYTES, PORT_BYTES / 4).fill(0);
        return index;
      }
      Atomics.store(this.#header, STATES_AT + index, 0);
    }
    return undefined;
  }

  #grow(bytes: number): boolean {
    try {
      if (this.memory.byteLength < bytes) this.memory.grow(bytes);
    } catch {
      // Out of memory, or the other thread has just grown it further.
    }
    return this.memory.byteLength >= bytes;
  }

  /** One end of a port is closed. Its rings serve another port once both are. */
  release(index: number): void {
    Atomics.sub(this.#header, STATES_AT + index, 1);
  }

  port(index: number): RingPair {
    return this.#pair(PORTS_AT + index * PORT_BYTES, PORT_RING);
  }

  /** Whether an index, which came from another thread, is that of a port in use. */
  has(index: unknown): index is number {
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= MAX_PORTS) return false;
    return Atomics.load(this.#header, STATES_AT + (index as number)) > 0;
  }

  #pair(at: number, size: RingSize): RingPair {
    return { down: ringAt(this.memory, at, size), up: ringAt(this.memory, at + ringBytes(size), size) };
  }
}

/** Makes the memory of a worker that is about to be started: some 700 KB of addresses. */
export function createArena(): Arena {
  const memory = new SharedArrayBuffer(PORTS_AT, { maxByteLength: MAX_BYTES });
  new Int32Array(memory)[MAGIC_AT] = MAGIC;
  const arena = new Arena(memory);
  beginRing(arena.worker.up, 0);
  return arena;
}

/** The arena that environment data hold; undefined for anything else. */
export function openArena(value: unknown): Arena | undefined {
  if (!types.isSharedArrayBuffer(value) || value.byteLength < PORTS_AT || value.maxByteLength !== MAX_BYTES) {
    return undefined;
  }
  return new Int32Array(value, 0, 1)[MAGIC_AT] === MAGIC ? new Arena(value) : undefined;
}
