import type { Attributes, Context, HrTime } from '@opentelemetry/api';
import type { EventStream } from '@sonde/event-stream';

/** The fields of an OpenTelemetry log record that this package fills in. */
export interface EventLogRecord {
  readonly eventName: string;
  readonly timestamp: HrTime;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly context: Context;
}

/** What is needed of a `Logger`: those of `@opentelemetry/api` 1.10 and of `@opentelemetry/api-logs` both fit. */
export interface EventLogger {
  emit(record: EventLogRecord): void;
  /** False while it would drop what it is given: events then wait in the stream. */
  enabled?(options?: { readonly severityNumber?: number }): boolean;
}

/** What is needed of a `LoggerProvider`: those of SDK 3.x and of SDK 2.12 both fit. */
export interface EventLoggerProvider {
  getLogger(name: string, version?: string): EventLogger;
}

/** Options of `EventLogBridge`. */
export interface EventLogBridgeConfig {
  /** The stream to read. Default: the one of this thread, `eventStream()`. */
  readonly stream?: EventStream;
  /** Where logs go. Default: the global provider. While there is none that takes any, events wait in the stream. */
  readonly loggerProvider?: EventLoggerProvider;
  /** Lowest OpenTelemetry severity number that becomes a log, 1..24. Default 13 (WARN). Lower: more logs, more CPU. */
  readonly minSeverity?: number;
  /** Event names that never become logs. Default: those of spans and anomalies, which are exported already. */
  readonly excludedEvents?: readonly string[];
  /**
   * An event is written at once; identical ones (name, labels, thread) that follow within this many ms become one more
   * log record when that time is over; 0..3,600,000, 0 folds nothing. Default 5,000.
   */
  readonly foldWindowMs?: number;
  /** Different events followed at once, 1..100,000; beyond it the repetitions of the oldest are written early. Default 1,000. */
  readonly maxOpenFolds?: number;
  /** Log records a second in the long run, above 0 and up to 1,000,000. Default 10. */
  readonly logsPerSecond?: number;
  /** Log records that may be written at once after a quiet time, 1..1,000,000. Default 100. */
  readonly burst?: number;
  /** How often the stream is read, 10..60,000 ms. Default 1,000. The timer never keeps the process alive. */
  readonly intervalMs?: number;
  /** Epoch milliseconds that never go back. Default: `performance.timeOrigin + performance.now()`. */
  readonly now?: () => number;
}

/** What became of the events that an `EventLogBridge` has read. */
export interface EventLogBridgeStatistics {
  /** Log records written, reports on what was held back included. */
  readonly logRecords: number;
  /** Events that are told by those log records. */
  readonly logged: number;
  /** Events in log records that the rate limit held back. */
  readonly heldBack: number;
  /** Events emitted by the log pipeline itself while it took a record: left out, or they would feed themselves. */
  readonly ownEvents: number;
  /** Events of any severity that were overwritten before they were read. */
  readonly lost: number;
  /** Events in log records at which the logger threw. */
  readonly failed: number;
  /** Repeated events, waiting for their window to end. */
  readonly pending: number;
}

/**
 * What one subsystem shares between threads: memory that appears in a thread (`onAllocate`) is attached in the threads
 * that collect, and detached after the thread has ended.
 */
export interface ThreadParticipant<Descriptor = unknown> {
  /** Names the subsystem; the same in every thread. */
  readonly topic: string;
  /** Calls the listener with what this thread has, now if there is something and whenever it grows; returns an undo. */
  onAllocate(listener: (descriptor: Descriptor) => void): () => void;
  /** Takes in what another thread announced; may be called again for the same memory. */
  attach(descriptor: Descriptor): unknown;
  /** The thread has ended: its memory does not change any more. */
  detach(threadId: number): unknown;
  /** Makes visible to other threads what this one has not published yet. Runs at each tick and as a worker exits. */
  publish?(): void;
  /** How long an ended thread's memory stays attached, in ms, so that queries still see it. Default 0. */
  readonly lingerMs?: number;
}

/** Options of `linkThreads`. */
export interface ThreadLinkConfig {
  /** Whether this thread attaches what others have. Default: only the main thread. */
  readonly collect?: boolean;
  /** How often threads publish, and ended workers are looked for, 10..60,000 ms. Default 250. */
  readonly intervalMs?: number;
  /** Milliseconds that never go back. Default `performance.now`. */
  readonly now?: () => number;
}

/** A running link between the threads of this process. */
export interface ThreadLink {
  /** Other threads whose memory is attached now, ended ones that linger included. */
  readonly attached: readonly number[];
  /** Publishes, takes in what is waiting and detaches ended threads, without waiting for the tick. Never throws. */
  sweep(): void;
  /** Announces and attaches nothing more. What is attached stays so. Idempotent. */
  close(): void;
}
