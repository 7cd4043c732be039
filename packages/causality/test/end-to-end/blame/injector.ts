/** A stretch of time, by `performance.now()` of the service, in which a request waited for something. */
export interface Stretch {
  readonly cause: string;
  readonly startMs: number;
  readonly endMs: number;
  /** How much of it the thread had to wait for a CPU, which others on the machine had: that is no fault of the cause. */
  readonly starvedMs?: number;
}

/** Time of a cause of which only the amount is known. */
export interface Amount {
  readonly cause: string;
  readonly ms: number;
}

/** What an injector did to a request, as it has measured it itself. */
export interface Truth {
  readonly stretches: readonly Stretch[];
  readonly amounts?: readonly Amount[];
}

/** Makes a request slow for a known reason. */
export interface Injector {
  /** What blame should name. */
  readonly cause: string;
  /** Before the first request. */
  prepare?(): Promise<void>;
  /** Holds up the request in whose context it is called for about so long. */
  inject(ms: number): Promise<Truth>;
  /** After the last request. */
  cleanup?(): Promise<void>;
}

/** What the injectors need of the world outside, found by the parent process. */
export interface Surroundings {
  /** Of an HTTP server elsewhere: `/slow?ms=` answers so late. */
  readonly downstreamPort: number;
  /** Of a name server on 127.0.0.1: `d250.sonde.test` is answered after 250 ms. */
  readonly dnsPort: number;
  /** A folder to write to. */
  readonly folder: string;
}
