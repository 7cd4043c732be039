import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import { context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { eventStream } from '@sonde/event-stream';
import { addWaitSource, guarded } from '@sonde/instrumentation-kit';
import { BEGINNINGS, BlockedLoopWatch, type Sighting } from './blocked-loop.ts';
import { BlockedLoopReporter } from './blocked-loop-report.ts';
import { EventLoopMetrics } from './event-loop.ts';
import { followChildren, IdleClock } from './idle-clock.ts';
import { LoopWaits } from './loop-waits.ts';
import type { Part, Surroundings } from './part.ts';
import { OwnCpu } from './thread-cpu.ts';
import { TurnLedger } from './turn-ledger.ts';
import { describeRoot, listenToRoots } from './turn-roots.ts';
import { RUNS_ON } from './turn-witness.ts';
import type { LongTurn } from './types.ts';
import { WATCH_MEMORY_BYTES } from './watch-memory.ts';

/** How often it is looked whether somebody debugs the process. */
const REFRESH_MS = 1000;

/** A turn this long is a sign of work: the watcher looks closely for a while. */
const WORKING_MS = 25;

/** The parts that live on the turns of the loop. */
export interface LoopPart extends Part {
  readonly ledger: TurnLedger;
  /** Kernel thread of the watcher, 0 without one. */
  readonly watcherTid: () => number;
}

interface Stalls {
  readonly watch: BlockedLoopWatch | undefined;
  readonly turnEnded: (turn: LongTurn) => void;
  readonly stop: () => void;
}

interface StallsConfig {
  readonly surroundings: Surroundings;
  readonly memory: SharedArrayBuffer;
  readonly cpu: OwnCpu;
  readonly waits: LoopWaits;
}

/** The blocked-loop report: with the stack in the main thread, without it in workers, which no watcher can reach. */
function startStalls({ surroundings, memory, cpu, waits }: StallsConfig): Stalls | undefined {
  const { config, events, instruments, tracer, isMainThread } = surroundings;
  if (config.blockedLoop === undefined) return undefined;
  const reporter = new BlockedLoopReporter({
    event: events.blockedLoop,
    blockedTime: instruments.blockedTime,
    tracer,
    timeOriginMs: performance.timeOrigin,
    cpuNow: () => cpu.read(),
    onCulprit: (turn, culprit) => waits.sawCulprit(turn, culprit),
    onBlockedLoop: config.blockedLoop.onBlockedLoop,
  });
  const onStall = (turn: LongTurn, sighting: Sighting): void => reporter.report(turn, sighting);
  const watch = isMainThread ? new BlockedLoopWatch({ options: config.blockedLoop, memory, onStall }) : undefined;
  watch?.start();
  return {
    watch,
    turnEnded(turn): void {
      if (watch !== undefined) watch.turnEnded(turn);
      else onStall(turn, { kind: 'missed', turn: turn.turn, reason: 'unavailable', mark: undefined });
    },
    stop: () => watch?.stop(),
  };
}

/** The trace of a turn in which only one was active. */
function contextOf({ roots }: LongTurn): number {
  const [only] = roots;
  return only === undefined || roots.length > 1 ? 0 : eventStream().context(only.traceId, only.spanId);
}

function atTurnEnd(callback: () => void): void {
  // Unref'd: such an immediate neither keeps the process alive nor keeps the loop from sleeping.
  setImmediate(callback).unref();
}

function createIdleClock(cpu: OwnCpu): IdleClock {
  const { nodeTiming } = performance;
  return new IdleClock({
    now: () => performance.now(),
    toldIdleMs: () => nodeTiming.idleTime,
    cpu: () => cpu.read(),
  });
}

function createLoopWaits(cpu: OwnCpu, idle: IdleClock): LoopWaits {
  return new LoopWaits({
    now: () => performance.now(),
    idleMs: () => idle.ms(),
    cpu: () => cpu.read(),
    throttledMs: () => cpu.throttledMs(),
    describeRoot,
  });
}

/** Follows which traces are at work. Requests that are not recorded have no spans; that one begins is seen all the same. */
function follow(waits: LoopWaits, idle: IdleClock, onRoot: (root: Span) => void): () => void {
  const onBeginning = (): void => waits.see(undefined, RUNS_ON);
  for (const name of BEGINNINGS) subscribe(name, onBeginning);
  const undo = [addWaitSource(waits), followChildren(idle)];
  listenToRoots((root, runs) => {
    waits.see(root, runs);
    onRoot(root);
  });
  return () => {
    for (const name of BEGINNINGS) unsubscribe(name, onBeginning);
    listenToRoots(undefined);
    for (const back of undo) back();
  };
}

/** Starts the turn ledger, the event loop metrics and the blocked-loop report. */
export function startLoop(surroundings: Surroundings): LoopPart {
  const { config, events, instruments, isMainThread } = surroundings;
  const memory = new SharedArrayBuffer(WATCH_MEMORY_BYTES);
  const cpu = new OwnCpu();
  const idle = createIdleClock(cpu);
  const waits = createLoopWaits(cpu, idle);
  const stalls = startStalls({ surroundings, memory, cpu, waits });
  const stream = eventStream();
  const thresholdMs = config.blockedLoop?.thresholdMs ?? Number.POSITIVE_INFINITY;
  const role = isMainThread ? 'main' : 'worker';
  const busyMs = (nowMs: number): number => ledger.busyMs(nowMs);
  const metrics = config.eventLoop
    ? new EventLoopMetrics({ instruments, role, windowMs: config.windowMs, busyMs })
    : undefined;
  let refreshAtMs = 0;
  const ledger = new TurnLedger({
    now: () => performance.now(),
    idleMs: () => idle.ms(),
    atTurnEnd,
    timeOriginMs: performance.timeOrigin,
    cells: new Int32Array(memory),
    longTurnMs: Math.min(config.longTurnMs, thresholdMs),
    maxLongTurns: config.maxLongTurns,
    onTurn(nowMs, busyMs): void {
      metrics?.turn(nowMs, busyMs);
      stream.flush();
      if (busyMs >= WORKING_MS) stalls?.watch?.arm();
      if (nowMs < refreshAtMs) return;
      refreshAtMs = nowMs + REFRESH_MS;
      stalls?.watch?.refresh();
    },
    onTurnEnd(turn, nowMs, idleMs): void {
      waits.turnEnded(turn, nowMs, idleMs);
      idle.turnEnded(nowMs);
    },
    onLongTurn: guarded('scheduler.long-turn', (turn: LongTurn) => {
      if (stalls !== undefined && turn.durationMs >= thresholdMs) stalls.turnEnded(turn);
      else events.longTurn.emit(performance.now(), turn.durationMs / 1000, turn.roots.length, contextOf(turn));
    }),
    describeRoot,
  });
  const stopFollowing = follow(waits, idle, (root) => {
    ledger.note(root);
    stalls?.watch?.arm();
  });
  // A callback keeps the context it was scheduled in, and hands it on to the next: not that of a request.
  context.with(ROOT_CONTEXT, () => ledger.start());
  return {
    ledger,
    watcherTid: () => stalls?.watch?.watcherTid ?? 0,
    ...(metrics === undefined ? {} : { observe: () => metrics.observe() }),
    stop(): void {
      ledger.stop();
      stopFollowing();
      stalls?.stop();
      cpu.close();
    },
  };
}
