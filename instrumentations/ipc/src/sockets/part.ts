import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { platform } from 'node:process';
import { guard, guarded, isSuppressed, observation } from '@sonde/instrumentation-kit';
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
    const connection = new Connection(series, !socket.connecting);
    if (socket.closed) {
      connection.closed(socket);
      return;
    }
    const reference = new WeakRef(socket);
    this.#known.set(socket, connection);
    this.#references.set(socket, reference);
    this.#open.add(reference);
    if (!connection.isConnected) socket.once('connect', this.#onConnect);
    socket.once('close', this.#onClose);
  }

  observe(): void {
    const counts = new Map<ConnectionSeries, number>();
    for (const reference of this.#open) {
      const socket = reference.deref();
      const connection = socket && this.#known.get(socket);
      if (socket === undefined || connection === undefined) {
        this.#open.delete(reference);
      } else if (connection.isConnected) {
        connection.count(socket);
        counts.set(connection.series, (counts.get(connection.series) ?? 0) + 1);
      }
    }
    for (const series of this.#met) series.open(counts.get(series) ?? 0);
  }

  stop(): void {
    for (const reference of this.#open) {
      const socket = reference.deref();
      socket?.off('connect', this.#onConnect).off('close', this.#onClose);
    }
    this.#open.clear();
    for (const series of this.#met) series.open(0);
  }

  readonly #onConnect = this.#bound((socket) => this.#known.get(socket)?.connected());

  readonly #onClose = this.#bound((socket) => {
    this.#known.get(socket)?.closed(socket);
    this.#known.delete(socket);
    const reference = this.#references.get(socket);
    if (reference !== undefined) this.#open.delete(reference);
  });

  /** One function for all sockets: a closure for each would hold it. */
  #bound(react: (socket: Socket) => void): (this: Socket) => void {
    return function (this: Socket): void {
      guard(FAILURE, () => react(this), undefined);
    };
  }
}

/** Starts counting pipes and unix sockets. TCP is left alone. */
export function startSockets({ instruments }: Surroundings): Part {
  const series: Partial<Record<Role, ConnectionSeries>> = {};
  const connections = new Connections((role) => {
    series[role] ??= createConnectionSeries(role, role === 'stdio' ? 'pipe' : NAMED, instruments);
    return series[role];
  });
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
    },
  };
}
