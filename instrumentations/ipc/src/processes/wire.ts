import type { Context } from '@opentelemetry/api';
import { type Carrier, readCarrier, writeCarrier } from '@sonde/instrumentation-kit';
import { ENVELOPE } from './command.ts';
import { fromMonotonic, toMonotonic } from './monotonic.ts';

/*
 * What two instrumented ends of a channel say to each other. A message whose `cmd` begins with NODE_ is Node's own kind:
 * it arrives as 'internalMessage' and no 'message' listener ever sees it, so an end that knows nothing of this ignores it.
 */
const TALK = 'NODE_SONDE_IPC_1';
const INTERNAL_PREFIX = 'NODE_';

/**
 * Beside the messages: `hello` (I open envelopes, and announced `told` contexts so far), `context` (that of the next
 * message), `cancel` (that message is not coming), `bye` (send no more envelopes), `parted` (none comes after this).
 */
export type Saying = 'hello' | 'context' | 'cancel' | 'bye' | 'parted';

/** One saying. */
export interface Talk {
  readonly cmd: typeof TALK;
  /** What only the two ends of this channel know: what an application sends on, even from another channel, is no saying. */
  readonly key: string;
  readonly say: Saying;
  readonly told?: number;
  readonly c?: Carrier;
  /** When it was said, in microseconds of the clock that all processes of a host share. */
  readonly s?: number;
}

/** What was announced for a message. */
export interface Announcement {
  readonly context: Context;
  /** `performance.now()` of this thread at which it was sent, NaN when that cannot be told. */
  readonly sentMs: number;
}

/** A saying. */
export function talk(key: string, say: Saying, told?: number): Talk {
  return told === undefined ? { cmd: TALK, key, say } : { cmd: TALK, key, say, told };
}

/** What announces the context of the next message. */
export function talkOfContext(key: string, active: Context, nowMs: number): Talk {
  return { cmd: TALK, key, say: 'context', c: writeCarrier(active), s: toMonotonic(nowMs) };
}

/** What was announced; safe for whatever the other side may have said. */
export function announcement({ c, s }: Talk): Announcement {
  return { context: readCarrier(c), sentMs: fromMonotonic(s, performance.now()) };
}

function commandOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { cmd } = message as { readonly cmd?: unknown };
  return typeof cmd === 'string' ? cmd : undefined;
}

/** Whether a message that arrived is a saying of the other end. */
export function isTalk(message: unknown, key: string): message is Talk {
  return commandOf(message) === TALK && key !== '' && (message as Talk).key === key;
}

function isInternalCommand(command: unknown): command is string {
  return typeof command === 'string' && command.length > INTERNAL_PREFIX.length && command.startsWith(INTERNAL_PREFIX);
}

/** Node's own rule for a message that arrived: it is no 'message'. */
export function isInternal(message: unknown): boolean {
  return isInternalCommand(commandOf(message));
}

/** Whether it is how Node tells that a handle came across; those may come between any two messages. */
export function isAcknowledgement(message: unknown): boolean {
  const command = commandOf(message);
  return command === 'NODE_HANDLE_ACK' || command === 'NODE_HANDLE_NACK';
}

/**
 * Whether a message that is to be sent is one of Node's own (cluster) or of another library that speaks so: no message of
 * the user. Runs no getter of the message: what those and `toJSON` make of it, the receiver finds out.
 */
export function isNotForUsers(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || !('cmd' in message)) return false;
  const command: unknown = Object.getOwnPropertyDescriptor(message, 'cmd')?.value;
  // What looks like one of ours but comes from the user travels in an envelope, or the other side would mistake it.
  return isInternalCommand(command) && command !== TALK && !command.startsWith(ENVELOPE);
}

/** Whether Node would take it for a message at all; it says what is wrong with the others. */
export function isSendable(message: unknown): boolean {
  switch (typeof message) {
    case 'object':
    case 'string':
    case 'number':
    case 'boolean':
      return true;
    default:
      return false;
  }
}
