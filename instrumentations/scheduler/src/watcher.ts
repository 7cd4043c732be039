/** The thread that watches the main thread's loop. It imports nothing but built-ins and files beside it. */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { currentTid } from './current-tid.ts';
import { StackBudget } from './stack-budget.ts';
import { sampleStack } from './stack-sampler.ts';
import { StallDetector } from './stall-detector.ts';
import { ThreadLook } from './thread-look.ts';
import {
  ARMS,
  CALLED_TURN,
  type CpuMark,
  DEBUGGED,
  LOOK_HOOK,
  type Look,
  type MissedMessage,
  STOP,
  TIMED_SCRIPTS,
  TURN,
  type WatcherData,
  type WatcherMessage,
} from './watch-memory.ts';
import { WatchRest } from './watch-rest.ts';

const data = workerData as WatcherData;
const cells = new Int32Array(data.memory);
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now() - data.clockZeroMs;
/** On the clock of the watched thread. */
const now = (): number => performance.now() + offsetMs;

const detector = new StallDetector(data);
const budget = new StackBudget(data.stacksPerMinute, data.burst);
const thread = new ThreadLook(data.pid);
const canSeeWaiting = thread.canSeeWaiting;
const rest = new WatchRest({ cells, nowMs: now(), canSeeWaiting });
/** CPU time when the turn was first seen at work. */
let mark: CpuMark | undefined;

function post(message: WatcherMessage): void {
  parentPort?.postMessage(message);
}

/** One look. @returns the turn that is stalled, if one is */
function look(): number | undefined {
  const turn = Atomics.load(cells, TURN);
  const nowMs = now();
  const isStalled = detector.observe({ nowMs, turn, isIdle: canSeeWaiting && thread.isWaiting(turn) });
  // A message makes an idle loop turn.
  if (thread.needsTurn) post({ kind: 'ping' });
  if (detector.busySinceMs === nowMs) mark = thread.cpu(nowMs);
  return isStalled ? turn : undefined;
}

/** Looks until a turn is stalled; undefined when the watch is over. Asleep in between: no event loop, no timers. */
function watch(): number | undefined {
  while (Atomics.load(cells, STOP) === 0) {
    const nowMs = now();
    const { ms, isParked } = rest.next(nowMs, detector.nextDelayMs(nowMs), detector.isCalm);
    if (isParked && !canSeeWaiting) post({ kind: 'parked' });
    Atomics.wait(cells, ARMS, rest.arms, ms);
    const stalled = look();
    if (stalled !== undefined) return stalled;
  }
  return undefined;
}

function isOver(turn: number): boolean {
  return Atomics.load(cells, TURN) !== turn || Atomics.load(cells, STOP) === 1;
}

/** Why a stack is not to be looked at, if anything is in the way. */
function obstacle(): MissedMessage['reason'] | undefined {
  if (Atomics.load(cells, DEBUGGED) === 1) return 'inspector';
  return Atomics.load(cells, TIMED_SCRIPTS) > 0 ? 'unavailable' : undefined;
}

/** One look; undefined when the stall was over before. @throws Error where none is possible */
function lookAt(turn: number): Look | undefined {
  const atMs = now();
  // What is thrown near the end of the stack is nobody's business.
  const expression = `try { globalThis['${LOOK_HOOK}'](${turn}, ${data.maxFrames}) } catch {}`;
  const seen = sampleStack(data.memory, expression, () => isOver(turn));
  return seen === undefined ? undefined : { atMs, ...seen };
}

function firstLook(turn: number): Look | MissedMessage['reason'] {
  const reason = obstacle();
  if (reason !== undefined) return reason;
  if (!budget.take(now())) return 'rate-limit';
  try {
    return lookAt(turn) ?? 'too-late';
  } catch {
    return 'unavailable';
  }
}

/** The same later on, where it is possible and can be afforded. */
function laterLook(turn: number): Look | undefined {
  if (obstacle() !== undefined || !budget.takeSpare(now())) return undefined;
  try {
    return lookAt(turn);
  } catch {
    return undefined;
  }
}

/** Waits until a turn has lasted twice as long. @returns false when it is over before, or the thread waits for events */
function outlasts(turn: number, sinceMs: number): boolean {
  const untilMs = 2 * now() - sinceMs;
  while (!isOver(turn) && !(canSeeWaiting && thread.isWaiting(turn))) {
    const leftMs = untilMs - now();
    if (leftMs <= 0) return true;
    Atomics.wait(cells, TURN, turn, Math.min(leftMs, detector.intervalMs));
  }
  return false;
}

/**
 * Looks at a stalled turn, and again whenever it has lasted twice as long, until it is over: what a stall began with is not
 * always what it spent its time on. What was seen is told at once: the watched thread finds it when the stall ends.
 */
async function examine(turn: number): Promise<void> {
  const sinceMs = detector.busySinceMs;
  const first = firstLook(turn);
  if (typeof first === 'string') {
    post({ kind: 'missed', turn, reason: first, mark });
    return;
  }
  post({ kind: 'sample', turn, look: first, mark });
  while (outlasts(turn, sinceMs)) {
    // What the inspector has answered goes its way.
    await setImmediate();
    const look = laterLook(turn);
    if (look !== undefined) post({ kind: 'sample', turn, look, mark });
  }
}

async function run(): Promise<void> {
  post({ kind: 'ready', tid: currentTid(), needsHeartbeat: !canSeeWaiting });
  for (let turn = watch(); turn !== undefined; turn = look() ?? watch()) {
    // First of all: the watched thread then knows that an answer will come.
    Atomics.store(cells, CALLED_TURN, turn);
    await examine(turn);
    await setImmediate();
  }
}

// What goes wrong here ends the watch, and nothing else.
process.on('uncaughtException', () => process.exit(1));
void run();
