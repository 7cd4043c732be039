import type { EventEmitter } from 'node:events';
import type { AnyFunction } from '@sonde/instrumentation-kit';

/** One end of an IPC channel: `process` in a child, the `ChildProcess` in its parent. */
export interface LinkEnd extends EventEmitter {
  readonly connected: boolean;
  readonly channel?: object | null;
  send: AnyFunction;
  /** Messages that wait until a handle has reached the other side. */
  readonly _handleQueue?: readonly unknown[] | null;
}

/** How Node keeps a message that arrived before there was a 'message' listener: the arguments of the later `emit`. */
export type PendingMessage = [event: string, message: unknown, handle: unknown, ...more: unknown[]];

/** The native pipe under a channel. */
export interface ChannelHandle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}

function symbolOf(target: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(target).find((symbol) => symbol.description === description);
}

function propertyOf(target: object | null | undefined, description: string): unknown {
  if (typeof target !== 'object' || target === null) return undefined;
  const symbol = symbolOf(target, description);
  return symbol === undefined ? undefined : (target as Readonly<Record<symbol, unknown>>)[symbol];
}

/** The messages that wait for a 'message' listener; undefined once the channel is closed, or in an unknown Node. */
export function pendingMessages(end: LinkEnd): PendingMessage[] | undefined {
  const pending = propertyOf(end.channel, 'kPendingMessages');
  return Array.isArray(pending) ? (pending as PendingMessage[]) : undefined;
}

/** The native pipe; taken once, since Node lets go of it when the channel closes. */
export function channelHandle(end: LinkEnd): ChannelHandle | undefined {
  const handle = propertyOf(end, 'kChannelHandle') as ChannelHandle | undefined;
  return typeof handle?.bytesRead === 'number' ? handle : undefined;
}

/** Whether this Node keeps its channels the way this package knows. */
export function isKnownEnd(end: LinkEnd): boolean {
  return typeof end.send === 'function' && pendingMessages(end) !== undefined;
}
