/**
 * The least that carries contexts beside messages, by hand: a slot of shared memory a message with the time and the ids,
 * a context made of it and entered. No metrics, no clock of causality, no answers, no errors. What is left of the gate
 * above this row is all that the rest may cost.
 */

import { MessagePort, parentPort, type Worker, workerData } from 'node:worker_threads';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { AnyFunction } from '@sonde/instrumentation-kit';
import { storingManager } from '../src/threads/context-storage.ts';
import { Carried } from './carried.ts';

const SLOTS = 4096;
const SLOT_WORDS = 16;
/** Words of a slot: trace id and span id, then the time as a double, then the number of the message. */
const IDS = 6;
const TIME = 8;
const SEQUENCE = 10;
const DISPATCH: unique symbol = Symbol.for('nodejs.internal.kHybridDispatch') as never;

const now = performance.now.bind(performance);
const native = MessagePort.prototype as MessagePort & { readonly [DISPATCH]: AnyFunction };

function carriedIn(words: Int32Array, slot: number, sentMs: number): Carried {
  const ids = [words[slot], words[slot + 1], words[slot + 2], words[slot + 3], words[slot + 4], words[slot + 5]];
  return new Carried(ids, sentMs);
}

function sendInSlots(port: MessagePort, memory: SharedArrayBuffer): void {
  const words = new Int32Array(memory);
  const doubles = new Float64Array(memory);
  let sent = 0;
  const postMessage = (message: unknown): void => {
    const slot = (sent & (SLOTS - 1)) * SLOT_WORDS;
    const isTraced = context.active() !== ROOT_CONTEXT;
    for (let word = 0; word < IDS; word++) words[slot + word] = isTraced ? word : 0;
    doubles[(slot + TIME) / 2] = now();
    sent = (sent + 1) | 0;
    words[slot + SEQUENCE] = sent;
    native.postMessage.call(port, message);
  };
  Object.defineProperty(port, 'postMessage', { value: postMessage });
}

function receiveFromSlots(port: MessagePort, memory: SharedArrayBuffer): void {
  const words = new Int32Array(memory);
  const doubles = new Float64Array(memory);
  const storage = storingManager()?._asyncLocalStorage;
  let received = 0;
  const dispatch = (message: unknown, type: unknown, event: unknown): unknown => {
    if (type !== 'message') return native[DISPATCH].call(port, message, type, event);
    const slot = (received & (SLOTS - 1)) * SLOT_WORDS;
    received = (received + 1) | 0;
    if (words[slot + SEQUENCE] !== received) throw new Error('a slot is not that of its message');
    storage?.enterWith(carriedIn(words, slot, doubles[(slot + TIME) / 2] as number));
    return native[DISPATCH].call(port, message, type, event);
  };
  Object.defineProperty(port, DISPATCH, { value: dispatch });
}

/** Memory for both directions, for the `workerData` of a worker. */
export function createSlots(): readonly SharedArrayBuffer[] {
  return [0, 1].map(() => new SharedArrayBuffer(SLOTS * SLOT_WORDS * 4));
}

/** At the side of the main thread. */
export function carryToWorker(worker: Worker, [down, up]: readonly SharedArrayBuffer[]): void {
  const key = Object.getOwnPropertySymbols(worker).find(({ description }) => description === 'kPublicPort');
  const port = Reflect.get(worker, key as symbol) as MessagePort;
  sendInSlots(port, down as SharedArrayBuffer);
  receiveFromSlots(port, up as SharedArrayBuffer);
}

/** At the side of the worker. */
export function carryToParent(): void {
  const [down, up] = workerData as readonly SharedArrayBuffer[];
  sendInSlots(parentPort as MessagePort, up as SharedArrayBuffer);
  receiveFromSlots(parentPort as MessagePort, down as SharedArrayBuffer);
}
