import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { extname } from 'node:path';
import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { countDropped, createPatches, guard, unobserved, warnOnce } from '@sonde/instrumentation-kit';
import type { ResolvedBlockedLoopConfig } from './config.ts';
import { exposeRunningStack } from './running-stack.ts';
import { WATCHER_NAME } from './thread-roles.ts';
import { markTimedScripts } from './timed-scripts.ts';
import type { LongTurn } from './types.ts';
import {
  ARMS,
  CALLED_TURN,
  type CpuMark,
  DEBUGGED,
  type Look,
  type MissedMessage,
  PARKED,
  type SampleMessage,
  STOP,
  type WatcherData,
  type WatcherMessage,
} from './watch-memory.ts';
import { arm } from './watch-rest.ts';

/** Programs that end sooner never start a watcher: it costs them some 15 ms of CPU. */
const START_AFTER_MS = 100;
/** Stalls whose other half (end of the turn, or what the watcher saw) is waited for. */
const MAX_PENDING = 64;
/** The watcher needs a few MB; more means that something is wrong with it. */
const WATCHER_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 } as const;

/** V8 ends the process at what is thrown and not caught by JavaScript. */
const ABORTING = /--abort[-_]on[-_]uncaught[-_]exception/;

/** Channels on which Node tells that a server begins to work on something. */
export const BEGINNINGS = ['http.server.request.start', 'http2.server.stream.start'] as const;

/** What the watcher has seen of a turn. */
export interface Sample {
  readonly kind: 'sample';
  /** In the order of time, one at least. */
  readonly looks: readonly Look[];
  readonly mark: CpuMark | undefined;
}

/** What the watcher said about a turn. */
export type Sighting = Sample | MissedMessage;

export interface BlockedLoopWatchConfig {
  readonly options: ResolvedBlockedLoopConfig;
  readonly memory: SharedArrayBuffer;
  /** A turn of the threshold or longer has ended, and all that can be known about it is. */
  readonly onStall: (turn: LongTurn, sighting: Sighting) => void;
}

interface Permission {
  has(scope: string): boolean;
}

/** Why no watcher can run here, or undefined. */
function obstacle(): string | undefined {
  if (!process.features.inspector) return 'this Node was built without the inspector';
  // It would take what goes wrong in the middle of a look for the application's.
  if (ABORTING.test(`${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`))
    return 'a look could end the process';
  const { permission } = process as { permission?: Permission };
  if (permission === undefined) return undefined;
  const isAllowed = unobserved(() => permission.has('worker') && permission.has('inspector'));
  return isAllowed ? undefined : 'the permission model allows no worker or no inspector';
}

/** Whether somebody can attach a debugger, or has. */
function isDebugged(): boolean {
  return process.getBuiltinModule('node:inspector').url() !== undefined;
}

/**
 * The main thread's side of the blocked-loop report: starts the watcher, and brings together the two halves of each
 * stall, its duration (from the turn ledger) and its stack (from the watcher), whichever comes first.
 */
export class BlockedLoopWatch {
  /** Kernel thread of the watcher, 0 while it is not known. */
  watcherTid = 0;
  readonly #config: BlockedLoopWatchConfig;
  readonly #cells: Int32Array;
  readonly #turns = new Map<number, LongTurn>();
  readonly #sightings = new Map<number, Sighting>();
  #worker: Worker | undefined;
  #isWatching = false;
  #startTimer: NodeJS.Timeout | undefined;
  #needsHeartbeat = false;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #patches = createPatches();
  #hide: (() => void) | undefined;

  constructor(config: BlockedLoopWatchConfig) {
    this.#config = config;
    this.#cells = new Int32Array(config.memory);
  }

  start(): void {
    const reason = obstacle();
    if (reason !== undefined) {
      warnOnce('scheduler.watcher', `scheduler: blocked loops are reported without their stacks: ${reason}`);
      return;
    }
    guard('scheduler.watcher', () => this.#expose(), undefined);
    for (const name of BEGINNINGS) subscribe(name, this.arm);
    const launch = (): void => guard('scheduler.watcher', () => this.#launch(), undefined);
    this.#startTimer = setTimeout(launch, START_AFTER_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#startTimer);
    this.#hide?.();
    this.#patches.restore();
    for (const name of BEGINNINGS) unsubscribe(name, this.arm);
    Atomics.store(this.#cells, STOP, 1);
    Atomics.add(this.#cells, ARMS, 1);
    Atomics.notify(this.#cells, ARMS);
    this.#ended();
  }

  /** Something begins in this thread: it is to be watched closely. Some 10 ns. */
  readonly arm = (): void => {
    if (arm(this.#cells) && this.#needsHeartbeat) this.#beat();
  };

  /** Looks whether a debugger was opened meanwhile. Some microseconds: to be called now and then. */
  refresh(): void {
    if (this.#isWatching) Atomics.store(this.#cells, DEBUGGED, isDebugged() ? 1 : 0);
  }

  /** A turn of the threshold or longer has ended. */
  turnEnded(turn: LongTurn): void {
    const number = turn.turn | 0;
    const sighting = this.#sightings.get(number);
    if (sighting !== undefined) {
      this.#sightings.delete(number);
      this.#config.onStall(turn, sighting);
    } else if (this.#worker !== undefined && Atomics.load(this.#cells, CALLED_TURN) === number) {
      this.#remember(this.#turns, number, turn);
    } else {
      this.#config.onStall(turn, this.#unseen(number));
    }
  }

  #expose(): void {
    this.#hide = exposeRunningStack(this.#config.memory);
    markTimedScripts(this.#patches, process.getBuiltinModule('node:vm'), this.#cells);
  }

  #launch(): void {
    const { options, memory } = this.#config;
    this.#isWatching = true;
    this.refresh();
    const { thresholdMs, stacksPerMinute, burst, maxFrames } = options;
    const workerData: WatcherData = {
      memory,
      clockZeroMs: Number(process.hrtime.bigint()) / 1e6 - performance.now(),
      pid: process.pid,
      thresholdMs,
      stacksPerMinute,
      burst,
      maxFrames,
    };
    // No execArgv and no NODE_OPTIONS: a preload of the application, Sonde's own among them, must not run in it.
    const { NODE_V8_COVERAGE: coverage } = process.env;
    const env = coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage };
    const settings = { name: WATCHER_NAME, workerData, execArgv: [], env, resourceLimits: WATCHER_LIMITS };
    const file = new URL(`./watcher${extname(import.meta.filename)}`, import.meta.url);
    // BAD: leaving stdout and stderr to Node: it pipes them, and makes streams of this process' own for it.
    const worker = unobserved(() => new Worker(file, { ...settings, stdin: false, stdout: true, stderr: true }));
    worker.on('message', (message: WatcherMessage) => this.#hear(message));
    worker.on('error', (error) => {
      warnOnce('scheduler.watcher', `scheduler: the watcher of the event loop failed: ${error.message}`, error);
    });
    worker.on('exit', () => this.#ended());
    // After the listeners: the first one for 'message' makes the worker keep the process alive again.
    worker.unref();
    this.#worker = worker;
  }

  #hear(message: WatcherMessage): void {
    if (message.kind === 'ready') {
      this.watcherTid = message.tid;
      this.#needsHeartbeat = message.needsHeartbeat;
      if (message.needsHeartbeat) this.#beat();
      return;
    }
    if (message.kind === 'parked') {
      // Unless something began since it was sent.
      if (this.#cells[PARKED] === 1) clearInterval(this.#heartbeat);
      return;
    }
    if (message.kind === 'ping') return;
    if (message.kind === 'missed') this.#remember(this.#sightings, message.turn, message);
    else this.#see(message);
    // At the end of the turn: other looks at the same stall have come along with this one.
    if (this.#turns.has(message.turn)) setImmediate(this.#told, message.turn).unref();
  }

  #see({ turn, look, mark }: SampleMessage): void {
    const known = this.#sightings.get(turn);
    const looks = known?.kind === 'sample' ? [...known.looks, look] : [look];
    this.#remember(this.#sightings, turn, { kind: 'sample', looks, mark });
  }

  readonly #told = (number: number): void => {
    const turn = this.#turns.get(number);
    const sighting = this.#sightings.get(number);
    if (turn === undefined || sighting === undefined) return;
    this.#turns.delete(number);
    this.#sightings.delete(number);
    this.#config.onStall(turn, sighting);
  };

  /** Where the watcher cannot tell an idle loop from a blocked one, an idle loop turns now and then. */
  #beat(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => undefined, this.#config.options.thresholdMs / 4).unref();
  }

  #ended(): void {
    this.#worker = undefined;
    this.#isWatching = false;
    clearInterval(this.#heartbeat);
    for (const [number, turn] of this.#turns) {
      this.#config.onStall(turn, this.#sightings.get(number) ?? this.#unseen(number));
    }
    this.#turns.clear();
  }

  #unseen(turn: number): MissedMessage {
    return { kind: 'missed', turn, reason: this.#reason(), mark: undefined };
  }

  #reason(): MissedMessage['reason'] {
    if (this.#worker === undefined) return 'unavailable';
    return Atomics.load(this.#cells, DEBUGGED) === 1 ? 'inspector' : 'too-late';
  }

  #remember<T>(map: Map<number, T>, turn: number, value: T): void {
    if (map.size >= MAX_PENDING) {
      // Sightings of turns that ended just under the threshold stay behind; the oldest has the lowest number.
      map.delete(map.keys().next().value as number);
      if (map === (this.#turns as Map<number, unknown>)) countDropped('scheduler.blocked-loop.unmatched');
    }
    map.set(turn, value);
  }
}
