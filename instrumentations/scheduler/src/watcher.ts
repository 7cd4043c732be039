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
  type MissedMessage,
  type SampleMessage,
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

function examine(turn: number): SampleMessage | MissedMessage {
  const missed = (reason: MissedMessage['reason']): MissedMessage => ({ kind: 'missed', turn, reason, mark });
  if (Atomics.load(cells, DEBUGGED) === 1) return missed('inspector');
  if (Atomics.load(cells, TIMED_SCRIPTS) > 0) return missed('unavailable');
  if (!budget.take(now())) return missed('rate-limit');
  try {
    // What is thrown near the end of the stack is nobody's business.
    const expression = `try { globalThis['${LOOK_HOOK}'](${turn}, ${data.maxFrames}) } catch {}`;
    const seen = sampleStack(data.memory, expression, () => isOver(turn));
    return seen === undefined ? missed('too-late') : { kind: 'sample', turn, mark, ...seen };
  } catch {
    return missed('unavailable');
  }
}

async function run(): Promise<void> {
  post({ kind: 'ready', tid: currentTid(), needsHeartbeat: !canSeeWaiting });
  for (let turn = watch(); turn !== undefined; turn = watch()) {
    // First of all: the watched thread then knows that an answer will come.
    Atomics.store(cells, CALLED_TURN, turn);
    post(examine(turn));
    // What the inspector has answered goes its way.
    await setImmediate();
  }
}

// What goes wrong here ends the watch, and nothing else.
process.on('uncaughtException', () => process.exit(1));
void run();
