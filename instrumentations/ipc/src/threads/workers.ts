import { channel as diagnosticsChannel } from 'node:diagnostics_channel';
import workerThreads, { type MessagePort, type Worker } from 'node:worker_threads';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { HybridClock } from '@sonde/event-stream';
import { type AnyFunction, guard, guarded, observation, type Patches, warnOnce } from '@sonde/instrumentation-kit';
import type { ChannelNames } from '../channels.ts';
import { TakenUp } from '../taken-up.ts';
import { type Arena, createArena } from './arena.ts';
import type { Link } from './link.ts';
import type { ObservedPort } from './observed-port.ts';
import { peerName } from './peer-name.ts';
import type { Offer } from './port-transfers.ts';
import type { Ports } from './ports.ts';
import { replaceConstructor } from './replace-constructor.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';

/** Under which a worker finds the memory that it shares with its parent. */
export const ARENA_KEY = 'sonde.ipc.arena.1';
export const WORKER_SYSTEM = 'nodejs.worker_threads';

/** What the patch needs from its surroundings. */
export interface WorkerParts {
  readonly patches: Patches;
  readonly ports: Ports;
  readonly clock: HybridClock;
  /** Called with the path or URL of each worker about to be started. */
  readonly onStart: (script: unknown) => void;
}

/** A worker that is being constructed. */
interface Birth {
  readonly link: Link;
  readonly offers: readonly Offer[] | undefined;
  /** Whether all of the context of the start could be told. */
  readonly isWhole: boolean;
  observed: ObservedPort | undefined;
}

interface WorkerOptions {
  readonly eval?: unknown;
  readonly workerData?: unknown;
  readonly transferList?: unknown;
}

const now = performance.now.bind(performance);

/** Own data properties only: a getter must run once, for Node. */
function optionsOf(value: unknown): WorkerOptions {
  if (typeof value !== 'object' || value === null) return {};
  const own = (key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value;
  return { eval: own('eval'), workerData: own('workerData'), transferList: own('transferList') };
}

/** The port behind `worker.postMessage`: a property that Node keeps under a symbol of its own. */
function publicPortOf(worker: object): MessagePort | undefined {
  const key = Object.getOwnPropertySymbols(worker).find(({ description }) => description === 'kPublicPort');
  const port: unknown = key === undefined ? undefined : Reflect.get(worker, key);
  return port instanceof workerThreads.MessagePort ? port : undefined;
}

/** Puts the context of the start, and the ports that go along, where the worker finds them. False: not all of it. */
function writeStart(arena: Arena, clock: HybridClock, ports: string): boolean {
  const active = context.active();
  if (active === ROOT_CONTEXT && ports === '') return true;
  return new RingWriter(arena.start, clock, undefined).write(active, 0, now(), ports);
}

/** Observes the workers that this thread starts. */
export class Workers {
  readonly #parts: WorkerParts;
  readonly #own = observation();
  /** Workers may be constructed inside one another: by a getter of the options. */
  #birth: Birth | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  /** Replaces the constructor; returns what takes back what `patches` does not know of. */
  start(): () => void {
    const { patches } = this.#parts;
    const workers = this;
    const Original = workerThreads.Worker;
    patches.wrap(workerThreads, 'Worker', (original, patch) => {
      function Worker(this: unknown, ...args: unknown[]): unknown {
        // Throws what it throws.
        if (new.target === undefined) return Reflect.apply(original, this, args);
        const target = (new.target as unknown) === Worker ? original : new.target;
        const isObserved = patch.active && workers.#own.depth === 0;
        return isObserved ? workers.#construct(original, args, target) : Reflect.construct(original, args, target);
      }
      return Worker as AnyFunction;
    });
    // `worker.constructor === Worker`, as before.
    const undoConstructor = replaceConstructor(Original, workerThreads.Worker);
    const onWorker = guarded('ipc.worker', (message: unknown) => this.#adopt((message as { worker: object }).worker));
    const started = diagnosticsChannel('worker_threads');
    // Inside the constructor: before anybody else can send a message.
    started.subscribe(onWorker);
    return () => {
      started.unsubscribe(onWorker);
      undoConstructor();
    };
  }

  #construct(original: AnyFunction, args: unknown[], target: AnyFunction): unknown {
    const outer = this.#birth;
    const birth = guard('ipc.worker', () => this.#conceive(args), undefined);
    if (birth === undefined) return Reflect.construct(original, args, target);
    const before = workerThreads.getEnvironmentData(ARENA_KEY);
    workerThreads.setEnvironmentData(ARENA_KEY, birth.link.arena.memory as never);
    this.#birth = birth;
    let isDone = false;
    try {
      const worker = Reflect.construct(original, args, target);
      isDone = true;
      return worker;
    } finally {
      this.#birth = outer;
      workerThreads.setEnvironmentData(ARENA_KEY, before);
      if (!isDone && birth.offers !== undefined) this.#parts.ports.transfers.withdraw(birth, birth.offers);
    }
  }

  #conceive(args: readonly unknown[]): Birth {
    const { ports, clock, onStart } = this.#parts;
    const [script] = args;
    const options = optionsOf(args[1]);
    onStart(script);
    const destination = peerName(script, Boolean(options.eval));
    const link = { arena: createArena(), destination, isDown: true, takenUp: new TakenUp() };
    const { transferList, workerData } = options;
    const offers = Array.isArray(transferList) ? ports.transfers.offerList(link, workerData, transferList) : undefined;
    const isWhole = writeStart(link.arena, clock, offers === undefined ? '' : ports.transfers.describe(offers));
    return { link, offers, isWhole, observed: undefined };
  }

  #adopt(worker: object): void {
    const birth = this.#birth;
    if (birth === undefined || birth.observed !== undefined) return;
    const { ports, clock } = this.#parts;
    const { link, offers, isWhole } = birth;
    const port = publicPortOf(worker);
    if (port === undefined) {
      warnOnce('ipc.port', 'ipc: this version of Node keeps the ports of workers elsewhere; traces end at workers');
      return;
    }
    link.arena.assign((worker as Worker).threadId);
    const names: ChannelNames = { system: WORKER_SYSTEM, destination: link.destination };
    const observed = ports.observe(port, names);
    const { down, up } = link.arena.worker;
    observed.link = link;
    observed.writer = new RingWriter(down, clock, link);
    observed.reader = new RingReader(up, clock, { peer: link, taken: 0 });
    birth.observed = observed;
    if (!isWhole) observed.channel.missed('size', 1);
    if (offers !== undefined) ports.transfers.commit(observed, offers);
  }
}
