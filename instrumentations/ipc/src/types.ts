import type { InstrumentationConfig } from '@opentelemetry/instrumentation';

/** Options of `IpcInstrumentation`; all have defaults. */
export interface IpcInstrumentationConfig extends InstrumentationConfig {
  /** Worker threads, message ports and broadcast channels. Default true. */
  threads?: boolean;
  /** Child processes, `process.send` and cluster. Default true. */
  processes?: boolean;
  /** Pipes and unix sockets. Default true. */
  sockets?: boolean;
  /** Time that `Atomics.wait` and `Atomics.waitAsync` take, and counts of `Atomics.notify`. Default false: a wait costs 1 us more. */
  sharedMemory?: boolean;
  /** A message that waits, is sent or is processed this long is slow, 0 to 3,600,000 ms, or `Infinity`. Default 100. */
  slowThresholdMs?: number;
  /** Make `send` and `process` spans where a parent is recording or the operation was slow. Default true. */
  spans?: boolean;
}
