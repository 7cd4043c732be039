import type { Socket } from 'node:net';
import type { BoundCounter, BoundHistogram } from '@sonde/hot-metrics';
import { errorType } from '../error-type.ts';
import type { Surroundings } from '../part.ts';
import { PROCESS_ATTRIBUTE } from '../process-names.ts';
import { ATTRIBUTE } from '../semantic-names.ts';

/** How this process came to a connection. */
export type Role = 'client' | 'server' | 'stdio';

/** What it is: a unix socket, or a named pipe (on Windows) or the pipe of a child. */
export type Transport = 'unix' | 'pipe';

/** Series of the connections of one kind. */
export interface ConnectionSeries {
  readonly opened: BoundCounter;
  readonly duration: BoundHistogram;
  readonly transmitted: BoundCounter;
  readonly obtained: BoundCounter;
  readonly failed: (error: string) => BoundCounter;
  /** Sets how many are open. */
  readonly open: (count: number) => void;
}

/** Creates them. */
export function createConnectionSeries(
  role: Role,
  transport: Transport,
  { connections, connectionsOpen, connectionDuration, connectionIo }: Surroundings['instruments'],
): ConnectionSeries {
  const kind = { [PROCESS_ATTRIBUTE.transport]: transport, [PROCESS_ATTRIBUTE.role]: role };
  const open = connectionsOpen.bind(kind);
  return {
    opened: connections.bind(kind),
    duration: connectionDuration.bind(kind),
    transmitted: connectionIo.bind({ ...kind, [ATTRIBUTE.direction]: 'transmit' }),
    obtained: connectionIo.bind({ ...kind, [ATTRIBUTE.direction]: 'receive' }),
    failed: (error) => connections.bind({ ...kind, [ATTRIBUTE.error]: error }),
    open: (count) => open.advanceTo(count),
  };
}

/** No connection ever was: that is told by its error alone. */
function isFailedConnect(error: unknown): boolean {
  return (Object(error) as { readonly syscall?: unknown }).syscall === 'connect';
}

const now = performance.now.bind(performance);

/** One connection, from when it was met to its close. */
export class Connection {
  readonly series: ConnectionSeries;
  readonly #sinceMs = now();
  #isConnected = false;
  #read = 0;
  #written = 0;

  constructor(series: ConnectionSeries) {
    this.series = series;
  }

  /** Looks whether it is connected by now. */
  look({ connecting, destroyed }: Pick<Socket, 'connecting' | 'destroyed'>): boolean {
    if (!this.#isConnected && !connecting && !destroyed) this.#connected();
    return this.#isConnected;
  }

  #connected(): void {
    this.#isConnected = true;
    this.series.opened.add(1);
  }

  /** Counts what went through since the last time. */
  count({ bytesRead, bytesWritten }: Pick<Socket, 'bytesRead' | 'bytesWritten'>): void {
    if (bytesRead > this.#read) this.series.obtained.add(bytesRead - this.#read);
    if (bytesWritten > this.#written) this.series.transmitted.add(bytesWritten - this.#written);
    this.#read = Math.max(this.#read, bytesRead);
    this.#written = Math.max(this.#written, bytesWritten);
  }

  /** @param isConnecting whether it was still connecting right before */
  closed(socket: Socket, isConnecting: boolean): void {
    const error: unknown = socket.errored;
    if (error !== null && error !== undefined) this.series.failed(errorType(error)).add(1);
    if (!this.#isConnected && !isConnecting && !isFailedConnect(error)) this.#connected();
    if (!this.#isConnected) return;
    this.count(socket);
    this.series.duration.record((now() - this.#sinceMs) / 1000);
  }
}
