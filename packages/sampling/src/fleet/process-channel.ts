import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { FleetCounts } from './types.ts';

/**
 * Requests between a process and its parent. Messages whose `cmd` begins with NODE_ are Node's own kind: they arrive as
 * 'internalMessage' and no 'message' listener sees them; a listener for them holds no process.
 */
const COMMAND = 'NODE_SONDE_FLEET_1';
const MAX_PENDING = 100;
const MAX_FIELDS = 20_000;
const MAX_FIELD = 32;
const MAX_GROUP = 200;

/** What is asked for; `add` has counts. */
export interface FleetRequest {
  readonly operation: 'add' | 'read';
  readonly group: string;
  readonly bucket: number;
  readonly counts: FleetCounts;
}

type Answer = (request: FleetRequest) => Promise<FleetCounts>;

interface Message {
  readonly cmd?: unknown;
  readonly operation?: unknown;
  readonly id?: unknown;
  readonly group?: unknown;
  readonly bucket?: unknown;
  readonly counts?: unknown;
}

function ignore(): void {}

function isCount(entry: unknown): entry is [string, number] {
  return (
    Array.isArray(entry) && typeof entry[0] === 'string' && entry[0].length <= MAX_FIELD && typeof entry[1] === 'number'
  );
}

function readCounts(counts: unknown): FleetCounts | undefined {
  if (!Array.isArray(counts) || counts.length > MAX_FIELDS || !counts.every(isCount)) return undefined;
  return new Map(counts as [string, number][]);
}

function readRequest({ operation, group, bucket, counts: given }: Message): FleetRequest | undefined {
  const counts = readCounts(given ?? []);
  if ((operation !== 'add' && operation !== 'read') || counts === undefined) return undefined;
  if (typeof group !== 'string' || group.length > MAX_GROUP || !Number.isSafeInteger(bucket)) return undefined;
  return { operation, group, bucket: bucket as number, counts };
}

async function reply(child: ChildProcess, message: Message, answer: Answer): Promise<void> {
  if (message?.cmd !== COMMAND || typeof message.id !== 'number') return;
  const request = readRequest(message);
  let counts: FleetCounts | undefined;
  try {
    if (request !== undefined) counts = await answer(request);
  } catch {
    // The child is told that it failed, and counts it.
  }
  if (!child.connected) return;
  const answered = { cmd: COMMAND, operation: 'answer', id: message.id, counts: counts && [...counts] };
  child.send(answered, undefined, {}, ignore);
}

/** Answers the children that this process starts from now on. */
export function answerChildren(answer: Answer): void {
  subscribe('child_process', (started) => {
    const { process: child } = started as { readonly process: ChildProcess };
    child.on('internalMessage', (message: Message) => {
      reply(child, message, answer).catch(ignore);
    });
  });
}

/** Asks the parent of this process. */
export class ParentChannel {
  /** Whether the parent ever answered. */
  isAnswered = false;
  #ids = 0;
  readonly #pending = new Map<number, { resolve: (counts: FleetCounts) => void; reject: (error: Error) => void }>();

  constructor() {
    process.on('internalMessage' as 'message', (message: unknown) => this.#take(message as Message));
  }

  /** Rejects when it cannot be sent or is refused; whoever asks limits the time. */
  ask(request: FleetRequest): Promise<FleetCounts> {
    return new Promise((resolve, reject) => {
      if (process.send === undefined || !process.connected) {
        reject(new Error('the channel to the parent process is closed'));
        return;
      }
      const id = this.#ids;
      this.#ids += 1;
      this.#pending.set(id, { resolve, reject });
      // What was never answered, the oldest first.
      for (const old of this.#pending.keys()) if (this.#pending.size > MAX_PENDING) this.#settle(old, undefined);
      process.send({ ...request, cmd: COMMAND, id, counts: [...request.counts] }, undefined, {}, (error) => {
        if (error !== null) this.#settle(id, undefined);
      });
    });
  }

  #take(message: Message): void {
    if (message?.cmd !== COMMAND || message.operation !== 'answer' || typeof message.id !== 'number') return;
    this.isAnswered = true;
    this.#settle(message.id, readCounts(message.counts));
  }

  #settle(id: number, counts: FleetCounts | undefined): void {
    const asked = this.#pending.get(id);
    this.#pending.delete(id);
    if (counts === undefined) asked?.reject(new Error('the parent process did not take part'));
    else asked?.resolve(counts);
  }
}
