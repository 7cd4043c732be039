/**
 * The least that carries contexts with messages between processes, by hand: an envelope with the time and the ids as one
 * text, which is opened into a context that is entered. No metrics, no clock of causality, no answers, no errors. What is
 * left of the gates above this row is all that the rest may cost.
 */

import type { ChildProcess } from 'node:child_process';
import { type Context, context, trace } from '@opentelemetry/api';
import type { AnyFunction } from '@sonde/instrumentation-kit';
import { storingManager } from '../src/threads/context-storage.ts';
import { Carried } from './carried.ts';

const COMMAND = 'NODE_BY_HAND';
const IDS_LENGTH = 48;
const MICROS = 1000;

const now = performance.now.bind(performance);

interface Envelope {
  readonly cmd?: unknown;
  readonly '': unknown;
}

/** At the side of the parent. */
export function encloseContexts(child: ChildProcess): void {
  const send = child.send as AnyFunction;
  let last: Context | undefined;
  let cmd = '';
  child.send = (message: unknown): boolean => {
    const active = context.active();
    if (active !== last) {
      last = active;
      const { traceId = '', spanId = '' } = trace.getSpanContext(active) ?? {};
      cmd = COMMAND + traceId + spanId;
    }
    // Whole microseconds: to write a fraction takes as long as all the rest.
    return send.call(child, { cmd: cmd + Math.round(now() * MICROS), '': message });
  };
}

/** At the side of the child. */
export function openContexts(): void {
  const emit = process.emit as AnyFunction;
  const storage = storingManager()?._asyncLocalStorage;
  const emitOpened = (event: unknown, message: Envelope, handle: unknown): unknown => {
    if (event !== 'internalMessage') return emit.call(process, event, message, handle);
    const { cmd } = message;
    if (typeof cmd !== 'string' || !cmd.startsWith(COMMAND)) return emit.call(process, event, message, handle);
    const ids = cmd.slice(COMMAND.length, COMMAND.length + IDS_LENGTH);
    storage?.enterWith(new Carried(ids, Number(cmd.slice(COMMAND.length + IDS_LENGTH)) / MICROS));
    return emit.call(process, 'message', message[''], handle);
  };
  process.emit = emitOpened as never;
}
