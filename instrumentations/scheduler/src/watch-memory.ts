/** What the watched thread and its watcher share: int32 cells of a SharedArrayBuffer, messages, and a hook. */

/** Number of the turn that the loop is in, modulo 2^32; written by the watched thread alone. */
export const TURN = 0;
/** 1: the watcher shall end. */
export const STOP = 1;
/** 1: somebody debugs the process; its debugger is left alone. */
export const DEBUGGED = 2;
/** The last turn about which the watcher has sent, or is about to send, a message. */
export const CALLED_TURN = 3;
/** Grows whenever something is known to begin in the watched thread. The watcher sleeps on this cell. */
export const ARMS = 4;
/** 1: the watcher sleeps deeply, and is to be woken when the watched thread begins something. */
export const PARKED = 5;
/** How far a look at the stack has come: one of `LOOK_STATES`. */
export const LOOK = 6;
/** Bytes of what the look has told. */
export const LOOK_LENGTH = 7;
/** Scripts under way that may be ended from outside; see `markTimedScripts`. */
export const TIMED_SCRIPTS = 8;

const CELLS = 16;
const TEXT_AT: number = CELLS * 4;
const TEXT_BYTES = 65_536;
export const WATCH_MEMORY_BYTES: number = TEXT_AT + TEXT_BYTES;

/** The watcher asks, the hook tells or fails, and goes on when the watcher has taken leave. */
export const LOOK_STATES = { none: 0, asked: 1, told: 2, failed: 3 } as const;

/** What a hook tells, as UTF-8. */
export function lookText(memory: SharedArrayBuffer): Buffer {
  return Buffer.from(memory, TEXT_AT, TEXT_BYTES);
}

/** Name of the hook in the watched thread that tells what it runs; see `exposeRunningStack`. */
export const LOOK_HOOK = 'sonde.scheduler.running_stack.1';

/** What the watcher starts with. */
export interface WatcherData {
  readonly memory: SharedArrayBuffer;
  /** Monotonic milliseconds (hrtime) at which the `performance.now()` of the watched thread was 0. */
  readonly clockZeroMs: number;
  readonly pid: number;
  readonly thresholdMs: number;
  readonly stacksPerMinute: number;
  readonly burst: number;
  readonly maxFrames: number;
}

/** CPU time of the watched thread at one moment. */
export interface CpuMark {
  /** On the clock of the watched thread. */
  readonly atMs: number;
  readonly runNanos: number;
  readonly waitNanos: number;
}

/** A frame of a stack, innermost first; line and column count from 1. */
export interface SeenFrame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The watcher is at work. */
export interface ReadyMessage {
  readonly kind: 'ready';
  /** Its thread as the operating system knows it; 0 off Linux. */
  readonly tid: number;
  /** It cannot tell an idle thread from a blocked one: it needs a turn now and then. */
  readonly needsHeartbeat: boolean;
}

/** Wakes the loop, if it is asleep. */
export interface PingMessage {
  readonly kind: 'ping';
}

/** Nothing began for a while: no heartbeat is needed until something does. */
export interface ParkedMessage {
  readonly kind: 'parked';
}

/** What a look at a running thread has seen. */
export interface SeenStack {
  readonly frames: readonly SeenFrame[];
  /** See `parseRunningContext`; empty if there was none. */
  readonly context: string;
  /** The thread took its time until it could be looked at: it was in native code, and may have run something else since. */
  readonly isLate: boolean;
}

/** One look. */
export interface Look extends SeenStack {
  /** When it began, on the clock of the watched thread. */
  readonly atMs: number;
}

/** A stalled turn was seen at work: sent for each look at it. */
export interface SampleMessage {
  readonly kind: 'sample';
  readonly turn: number;
  readonly look: Look;
  readonly mark: CpuMark | undefined;
}

/** A turn was stalled, but no stack was seen. */
export interface MissedMessage {
  readonly kind: 'missed';
  readonly turn: number;
  readonly reason: 'rate-limit' | 'inspector' | 'too-late' | 'unavailable';
  readonly mark: CpuMark | undefined;
}

export type WatcherMessage = ReadyMessage | PingMessage | ParkedMessage | SampleMessage | MissedMessage;
