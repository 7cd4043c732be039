import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { type Context, context, trace } from '@opentelemetry/api';
import { countDropped, guarded } from './guard.ts';
import { isSuppressed } from './observation.ts';
import { addWaitSource, noteWait } from './waits.ts';

const SCOPE = 'kit.connect-waits';
const CHANNEL = 'net.client.socket';
/** Sockets on their way at once; further ones are not followed. */
const MAX_PENDING = 1024;
/** A socket that is connected, or gone, this long without an entry gets none: it failed, or it is no TCP socket. */
const FORGET_MS = 1000;
/** What took less is not noted as a wait of its request. */
const LONG_MS = 0.05;

/** A socket that connects on behalf of somebody. */
export interface PendingConnect {
  readonly socket: Pick<Socket, 'connecting' | 'destroyed' | 'remoteAddress' | 'remotePort'>;
  readonly active: Context;
  readonly startMs: number;
}

/** What is read of a performance entry of type `net`. */
export type ConnectEntry = Pick<PerformanceEntry, 'startTime' | 'duration' | 'detail'>;

/**
 * Finds out whose connects performance entries tell about. An entry has the remote address and the time at which it was
 * reached, but no context; `net.client.socket` tells of the socket in the context of whoever wants it, before the name is
 * looked up. Matched are entries with sockets that have got there since. Of two sockets that reached the same address
 * within a turn, the one begun first gets the first entry: they differ by no more than that turn.
 *
 * The wait lasts from that beginning: an entry's own start is that of the last attempt, where several addresses are tried
 * it is even the moment of success. Failed connects have no entry; a span of the client's covers them.
 */
export class ConnectMatcher {
  #pending: PendingConnect[] = [];
  readonly #note: (startMs: number, endMs: number, active: Context) => void;

  constructor(note: (startMs: number, endMs: number, active: Context) => void) {
    this.#note = note;
  }

  get pending(): number {
    return this.#pending.length;
  }

  begin(pending: PendingConnect): void {
    if (this.#pending.length >= MAX_PENDING) this.#forget(pending.startMs);
    if (this.#pending.length < MAX_PENDING) this.#pending.push(pending);
    else countDropped(SCOPE);
  }

  /** Entries in the order in which they began. */
  connected(entries: readonly ConnectEntry[], nowMs: number): void {
    const inOrder = entries.toSorted(
      (left, right) => left.startTime + left.duration - right.startTime - right.duration,
    );
    for (const entry of inOrder) this.#match(entry);
    this.#forget(nowMs);
  }

  #match({ startTime, duration, detail }: ConnectEntry): void {
    const { host, port } = (detail ?? {}) as { host?: unknown; port?: unknown };
    const endMs = startTime + duration;
    const at = this.#pending.findIndex(
      ({ socket, startMs }) =>
        startMs <= endMs && !socket.connecting && socket.remotePort === Number(port) && socket.remoteAddress === host,
    );
    const [found] = at < 0 ? [] : this.#pending.splice(at, 1);
    if (found !== undefined) this.#note(found.startMs, endMs, found.active);
  }

  #forget(nowMs: number): void {
    this.#pending = this.#pending.filter(
      ({ socket, startMs }) => !socket.destroyed && (socket.connecting || nowMs - startMs < FORGET_MS),
    );
  }
}

function noteConnect(startMs: number, endMs: number, active: Context): void {
  if (endMs - startMs >= LONG_MS) noteWait('connect', startMs, endMs, active);
}

/** Notes TCP connects, from the wish to the connection, as waits of those who wished. Returns the undo. */
export function observeConnects(): () => void {
  const matcher = new ConnectMatcher(noteConnect);
  const onSocket = guarded(SCOPE, (message: unknown) => {
    const active = context.active();
    if (trace.getSpan(active) === undefined || isSuppressed()) return;
    matcher.begin({ socket: (message as { socket: Socket }).socket, active, startMs: performance.now() });
  });
  const observer = new PerformanceObserver(
    guarded(SCOPE, (list) => matcher.connected(list.getEntries(), performance.now())),
  );
  subscribe(CHANNEL, onSocket);
  observer.observe({ entryTypes: ['net'] });
  const removeSource = addWaitSource({
    // Entries are handed out a turn late.
    gather: () => matcher.connected(observer.takeRecords(), performance.now()),
    resumed: () => undefined,
  });
  return () => {
    removeSource();
    unsubscribe(CHANNEL, onSocket);
    observer.disconnect();
  };
}
