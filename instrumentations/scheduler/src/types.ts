import type { InstrumentationConfig } from '@opentelemetry/instrumentation';

/** One frame of a stack; line and column count from 1. */
export interface StackFrame {
  /** Empty for an anonymous function. */
  readonly function: string;
  /** URL of the source file (`file:`, `node:`); empty for code that `eval` has made. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The trace in which something ran. */
export interface TraceRoot {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits: the local root span of the trace in this process. */
  readonly spanId: string;
  /** Route of the request, where it was known at that moment. */
  readonly route: string | undefined;
}

/** A turn of the event loop that was long. */
export interface LongTurn {
  /** Number of the turn in this thread, from 1. */
  readonly turn: number;
  /** Epoch milliseconds at which its work began, if all of it were events. */
  readonly startTime: number;
  /** How much earlier it may have begun: timers and immediates come before the loop waits for events. */
  readonly uncertaintyMs: number;
  /** Milliseconds it worked, without the time it waited for events. */
  readonly durationMs: number;
  /** Traces seen active in it, at most 16; see `SchedulerSpanProcessor`. */
  readonly roots: readonly TraceRoot[];
}

/** What blocked the event loop, seen while it did. */
export interface BlockedLoopReport extends LongTurn {
  /**
   * The function to look at: the innermost one of the application, else of a dependency, else of all. Of several that were
   * seen one after the other, the one that took most of the time. Undefined when nothing could be seen.
   */
  readonly culprit: StackFrame | undefined;
  /** The whole stack, innermost first. */
  readonly stack: readonly StackFrame[];
  /** Route of the request for which it ran. */
  readonly route: string | undefined;
  readonly traceId: string | undefined;
  /** The span that was active. */
  readonly spanId: string | undefined;
  /** Milliseconds this thread was on a CPU, of the last part of the turn (`observedMs`); undefined off Linux. */
  readonly cpuMs: number | undefined;
  /** Milliseconds it was ready but had to wait for a CPU, of the same part. */
  readonly runQueueMs: number | undefined;
  /** The part of the turn during which CPU time was observed. */
  readonly observedMs: number | undefined;
  /**
   * Why nothing was seen, or undefined if something was: `rate-limit`, `inspector` (somebody debugs the process),
   * `too-late` (it was over before the watcher looked), `unavailable` (there is no watcher, or it
   * could not look, or was not to: a script of `node:vm` with a timeout was under way).
   */
  readonly missed: 'rate-limit' | 'inspector' | 'too-late' | 'unavailable' | undefined;
}

/** Options of the blocked-loop report. */
export interface BlockedLoopConfig {
  /**
   * A turn this long is reported, 20 to 3,600,000 ms. Default 250. Lower costs more wake-ups of the watcher: it looks
   * every `min(thresholdMs, 250)` ms. Turns just above the threshold may be reported without a stack.
   */
  thresholdMs?: number;
  /** Stacks looked at a minute in the long run, 0.1 to 600. Default 60. Each takes some 0.5 ms of the blocked loop. */
  stacksPerMinute?: number;
  /** Stacks that may be looked at in a row after a quiet time, 1 to 100. Default 20. */
  burst?: number;
  /** Frames kept of a stack, 1 to 100. Default 32. */
  maxFrames?: number;
  /** Called with each report, in the thread whose loop was blocked, one turn later. What it throws is said once. */
  onBlockedLoop?: (report: BlockedLoopReport) => void;
}

/** Options of `SchedulerInstrumentation`; all have defaults. */
export interface SchedulerInstrumentationConfig extends InstrumentationConfig {
  /** Event loop delay, utilization, turns and the turn ledger. Default true. */
  eventLoop?: boolean;
  /** Garbage collection pauses. Default true. */
  garbageCollection?: boolean;
  /** Threads, context switches, pressure and cgroup of Linux. Default true; what is absent is said once. */
  operatingSystem?: boolean;
  /** Count crypto and zlib operations into the account of the libuv pool, and report the account. Default true. */
  pool?: boolean;
  /** Measure the wait in the pool with a one-byte operation at each collection. Default false. */
  poolProbe?: boolean;
  /** Tell which function blocks the loop. Default true; `false` starts no watcher. */
  blockedLoop?: boolean | BlockedLoopConfig;
  /** A turn this long is kept in the ledger, 1 to 3,600,000 ms. Default 50. */
  longTurnMs?: number;
  /** Long turns that the ledger keeps, 1 to 10,000. Default 256. */
  maxLongTurns?: number;
  /** A garbage collection this long is an event, 1 to 3,600,000 ms. Default 100. */
  gcPauseMs?: number;
  /** A mean wait in the pool this long is an event, 1 to 3,600,000 ms. Default 50. */
  poolWaitMs?: number;
  /** Gauges tell about this many last milliseconds, 1,000 to 3,600,000. Default 60,000: cover the slowest reader. */
  windowMs?: number;
  /** Threads followed one by one, 1 to 4,096; each holds a file descriptor. Default 64. */
  maxThreads?: number;
}
