/**
 * The least that carries contexts with messages between processes, by hand: an envelope with the time and the ids as one
 * text, which is opened into a context that is entered. No metrics, no clock of causality, no answers, no errors. What is
 * left of the gates above this row is all that the rest may cost.
 */

import { type Context, context, trace } from '@opentelemetry/api';
import type { AnyFunction } from '@sonde/instrumentation-kit';
import { storingManager } from '../src/threads/context-storage.ts';
import { Carried } from './carried.ts';

const COMMAND = 'NODE_BY_HAND';
const IDS_LENGTH = 48;
const NO_IDS = '0'.repeat(IDS_LENGTH);
const MICROS = 1000;

const now = performance.now.bind(performance);

interface Envelope {
  readonly cmd?: unknown;
  readonly '': unknown;
}

interface End {
  emit: AnyFunction;
  send: AnyFunction;
}

function enclose(end: End): void {
  const { send } = end;
  let last: Context | undefined;
  let cmd = '';
  end.send = (message: unknown): boolean => {
    const active = context.active();
    if (active !== last) {
      last = active;
      cmd = COMMAND + idsOf(active);
    }
    // Whole microseconds: to write a fraction takes as long as all the rest.
    return send.call(end, { cmd: cmd + Math.round(now() * MICROS), '': message });
  };
}

function idsOf(active: Context): string {
  if (active instanceof Carried) return active.ids as string;
  const { traceId = '', spanId = '' } = trace.getSpanContext(active) ?? {};
  return traceId === '' ? NO_IDS : traceId + spanId;
}

function open(end: End): void {
  const { emit } = end;
  const storage = storingManager()?._asyncLocalStorage;
  end.emit = (event: unknown, message: Envelope, handle: unknown): unknown => {
    if (event !== 'internalMessage') return emit.call(end, event, message, handle);
    const { cmd } = message;
    if (typeof cmd !== 'string' || !cmd.startsWith(COMMAND)) return emit.call(end, event, message, handle);
    const ids = cmd.slice(COMMAND.length, COMMAND.length + IDS_LENGTH);
    storage?.enterWith(new Carried(ids, Number(cmd.slice(COMMAND.length + IDS_LENGTH)) / MICROS));
    return emit.call(end, 'message', message[''], handle);
  };
}

/** At either side. */
export function carryByHand(end: object): void {
  enclose(end as End);
  open(end as End);
}
