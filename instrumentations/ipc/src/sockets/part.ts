import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { platform } from 'node:process';
import {
  type AnyFunction,
  createPatches,
  guard,
  guarded,
  isSuppressed,
  observation,
  type Patches,
} from '@sonde/instrumentation-kit';
import type { Part, Surroundings } from '../part.ts';
import { Connection, type ConnectionSeries, createConnectionSeries, type Role, type Transport } from './connection.ts';

const FAILURE = 'ipc.sockets';
const NAMED: Transport = platform === 'win32' ? 'pipe' : 'unix';

interface WithHandle {
  readonly _handle?: object | null;
  readonly server?: { readonly _pipeName?: unknown } | null;
}

/** Only sockets that are no TCP ones. One that is closed already is known by its server. */
function isPipe(socket: Socket): boolean {
  const { _handle: handle, server } = socket as WithHandle;
  if (handle !== null && handle !== undefined) return handle.constructor.name === 'Pipe';
  return typeof server?._pipeName === 'string';
}

/** The open pipes and unix sockets of this thread. */
class Connections {
  readonly #seriesOf: (role: Role) => ConnectionSeries;
  readonly #known = new WeakMap<Socket, Connection>();
  /** Held weakly: what nobody needs any more is not to live on for being counted. */
  readonly #open = new Set<WeakRef<Socket>>();
  readonly #references = new WeakMap<Socket, WeakRef<Socket>>();
  readonly #met = new Set<ConnectionSeries>();

  constructor(seriesOf: (role: Role) => ConnectionSeries) {
    this.#seriesOf = seriesOf;
  }

  add(socket: Socket, role: Role): void {
    if (this.#known.has(socket)) return;
    const series = this.#seriesOf(role);
    this.#met.add(series);
    const connection = new Connection(series);
    if (socket.destroyed) {
      connection.closed(socket, false);
      return;
    }
    connection.look(socket);
    const reference = new WeakRef(socket);
    this.#known.set(socket, connection);
    this.#references.set(socket, reference);
    this.#open.add(reference);
  }

  /** It is destroyed. */
  closed(socket: Socket, isConnecting: boolean): void {
    const connection = this.#known.get(socket);
    if (connection === undefined) return;
    connection.closed(socket, isConnecting);
    this.#known.delete(socket);
    const reference = this.#references.get(socket);
    if (reference !== undefined) this.#open.delete(reference);
  }

  observe(): void {
    const counts = new Map<ConnectionSeries, number>();
    for (const reference of this.#open) {
      const socket = reference.deref();
      const connection = socket && this.#known.get(socket);
      if (socket === undefined || connection === undefined) {
        this.#open.delete(reference);
      } else if (connection.look(socket)) {
        connection.count(socket);
        counts.set(connection.series, (counts.get(connection.series) ?? 0) + 1);
      }
    }
    for (const series of this.#met) series.open(counts.get(series) ?? 0);
  }

  stop(): void {
    this.#open.clear();
    for (const series of this.#met) series.open(0);
  }
}

interface Destroyable {
  _destroy: AnyFunction;
}

/**
 * Tells of the sockets that are destroyed. A listener of 'close' would be counted among those of the application, in
 * `listenerCount` and in the warning that there are too many.
 */
function noticeDestroyed(patches: Patches, connections: Connections): void {
  patches.wrap(Socket.prototype as unknown as Destroyable, '_destroy', (original, patch) => {
    return function _destroy(this: Socket, ...args: unknown[]): unknown {
      const { connecting } = this;
      const result: unknown = Reflect.apply(original, this, args);
      if (patch.active) guard(FAILURE, () => connections.closed(this, connecting), undefined);
      return result;
    };
  });
}

/** Starts counting pipes and unix sockets. TCP is left alone. */
export function startSockets({ instruments }: Surroundings): Part {
  const series: Partial<Record<Role, ConnectionSeries>> = {};
  const connections = new Connections((role) => {
    series[role] ??= createConnectionSeries(role, role === 'stdio' ? 'pipe' : NAMED, instruments);
    return series[role];
  });
  const patches = createPatches();
  noticeDestroyed(patches, connections);
  const observed = observation();
  const isOwn = (): boolean => observed.own !== 0 || isSuppressed();
  let isActive = true;
  // What a socket or a child is made of is there after the call that makes it.
  const afterwards = (look: () => void): void => {
    process.nextTick(() => {
      if (isActive) guard(FAILURE, look, undefined);
    });
  };
  const met =
    (role: Role) =>
    (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      if (isOwn()) return;
      if (role === 'server') {
        if (isPipe(socket)) connections.add(socket, role);
      } else {
        afterwards(() => isPipe(socket) && connections.add(socket, role));
      }
    };
  const childMade = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcess };
    if (isOwn()) return;
    afterwards(() => {
      if (child.pid === undefined) return;
      for (const socket of child.stdio) if (socket !== null) connections.add(socket as unknown as Socket, 'stdio');
    });
  };
  const subscriptions = [
    ['net.client.socket', guarded(FAILURE, met('client'))],
    ['net.server.socket', guarded(FAILURE, met('server'))],
    ['child_process', guarded(FAILURE, childMade)],
  ] as const;
  for (const [name, listener] of subscriptions) subscribe(name, listener);
  return {
    observe: () => connections.observe(),
    stop(): void {
      isActive = false;
      for (const [name, listener] of subscriptions) unsubscribe(name, listener);
      connections.stop();
      patches.restore();
    },
  };
}
