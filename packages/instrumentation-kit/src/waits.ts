import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { shared } from '@sonde/event-stream';
import { guard, reportFailure } from './guard.ts';
import { localRootAbove } from './local-root.ts';
import { OpenRoots, RootWaits } from './open-roots.ts';
import { type Culprit, ThreadWaits, type ThreadWaitVisitor } from './thread-waits.ts';

/**
 * What a request can have waited for.
 *
 * Of the thread, so of every request in it: `gc` a garbage collection; `blocked_loop` a long turn of the event loop, whoever
 * held it (its own root tells by the culprit); `busy_loop` short turns (see `Passage`, too); `cpu` the thread was ready and got no CPU (run queue,
 * quota).
 *
 * Of one request: `pool` in the queue of the libuv pool; `pool_work` work of its own on a thread of the pool (crypto, zlib);
 * `filesystem` a file system operation; `filesystem_sync` one for which the thread itself stood still; `connect` name
 * look-up, TCP and TLS set-up; `ipc_queue` a message of its own waited to be taken up; `child_service` somebody else worked
 * for it.
 */
export const WAITS = [
  'gc',
  'blocked_loop',
  'busy_loop',
  'cpu',
  'pool',
  'pool_work',
  'filesystem',
  'filesystem_sync',
  'connect',
  'ipc_queue',
  'child_service',
] as const;
export type Wait = (typeof WAITS)[number];

/** Longer than this (11 days) is no wait but a mistake. */
const MAX_WAIT_MS = 1e9;
const NUMBERS = Object.fromEntries(WAITS.map((kind, index) => [kind, index])) as Readonly<Record<Wait, number>>;
const ROOT_WAITS: unique symbol = Symbol.for('sonde.span.waits.1') as never;

interface MarkedSpan extends Span {
  [ROOT_WAITS]?: RootWaits;
}

/** Of one thread. */
interface WaitBook {
  readers: number;
  readonly open: OpenRoots;
  thread: ThreadWaits | undefined;
  readonly sources: Set<WaitSource>;
}

/** Who notes what is known only as an amount over some time, or follows which requests are at work. */
export interface WaitSource {
  /**
   * Waits are about to be read: what is gathered and not noted yet is to be noted now.
   * @param isFinal the turn of the loop that is under way may not be over for long: what it took so far counts, too
   */
  gather(isFinal: boolean): void;
  /** A request has waited until this moment, and goes on. By its local root. */
  resumed(kind: Wait, root: Span, endMs: number): void;
}

let known: WaitBook | undefined;

function createBook(): WaitBook {
  return { readers: 0, open: new OpenRoots(), thread: undefined, sources: new Set() };
}

function book(): WaitBook {
  known ??= shared('kit.waits.1', createBook);
  return known;
}

/** Also false for NaN. */
function isWait(startMs: number, endMs: number): boolean {
  return endMs > startMs && endMs - startMs < MAX_WAIT_MS;
}

/** Whether anybody reads what is noted; for those who have to take measurements before they can note. */
export function areWaitsRead(): boolean {
  return (known ?? book()).readers > 0;
}

/**
 * Notes that the request of a context waited. Times are `performance.now()` milliseconds of this thread; what is no time
 * is not noted. Nothing is kept while nobody reads: one property read. Otherwise some 50 ns. Never throws.
 * @param active by default the active context
 */
export function noteWait(kind: Wait, startMs: number, endMs: number, active?: Context): void {
  if ((known ?? book()).readers === 0 || !isWait(startMs, endMs)) return;
  try {
    const span = trace.getSpan(active ?? context.active()) as MarkedSpan | undefined;
    if (span === undefined) return;
    const root = localRootAbove(span) ?? span;
    const waits = root[ROOT_WAITS];
    if (waits === undefined) return;
    waits.add(NUMBERS[kind], startMs, endMs);
    for (const source of book().sources) source.resumed(kind, root, endMs);
  } catch (error) {
    // Somebody's own span or context manager.
    reportFailure('kit.waits', error);
  }
}

/** The same for all open local roots of a trace, for those who know no more than its id. */
export function noteWaitOfTrace(traceId: string, kind: Wait, startMs: number, endMs: number): void {
  const { readers, open } = known ?? book();
  if (readers === 0 || !isWait(startMs, endMs)) return;
  for (const root of open.of(traceId)) root.add(NUMBERS[kind], startMs, endMs);
}

/**
 * Notes what held up every request of this thread.
 * @param culprit on whose behalf, where that is known: the local root of a trace in this thread
 */
export function noteThreadWait(kind: Wait, startMs: number, endMs: number, culprit?: Culprit): void {
  const { thread } = known ?? book();
  if (thread === undefined || !isWait(startMs, endMs)) return;
  thread.add(NUMBERS[kind], startMs, endMs, { amountMs: endMs - startMs, culprit });
}

/** The same for what is known of a stretch of time only as an amount, at most its length. */
export function noteThreadAmount(kind: Wait, startMs: number, endMs: number, amountMs: number): void {
  const { thread } = known ?? book();
  if (thread === undefined || !isWait(startMs, endMs) || !(amountMs > 0)) return;
  thread.add(NUMBERS[kind], startMs, endMs, { amountMs: Math.min(amountMs, endMs - startMs) });
}

/** For how long a thread was ready and got no CPU. */
export interface CpuWait {
  readonly startMs: number;
  readonly endMs: number;
  /** Out of that time. */
  readonly waitedMs: number;
  /** How long the thread was at work meanwhile, with a CPU or without. */
  readonly busyMs: number;
  /** How long of it with one. */
  readonly ranMs: number;
  /** How often it woke up meanwhile. */
  readonly wakes: number;
  /** Whether a quota was used up meanwhile. */
  readonly isThrottled: boolean;
}

/** Notes that the thread was ready and got no CPU: of the run queue, or because its quota was used up. */
export function noteCpuWait({ startMs, endMs, waitedMs, busyMs, ranMs, wakes, isThrottled }: CpuWait): void {
  const { thread } = known ?? book();
  if (thread === undefined || !isWait(startMs, endMs) || !(waitedMs > 0)) return;
  const lengthMs = endMs - startMs;
  const amountMs = Math.min(waitedMs, lengthMs);
  const busy = between(0, busyMs, lengthMs);
  // The thread was at work without a CPU: unless it stood still, it waited for one.
  const ofBusyMs = between(0, busy - ranMs, amountMs);
  const rest = { amountMs, busyMs: busy, ofBusyMs, wakes: between(0, wakes, 1e9), isThrottled };
  thread.add(NUMBERS.cpu, startMs, endMs, rest);
}

/** 0 for NaN. */
function between(min: number, value: number, max: number): number {
  return value > min ? Math.min(value, max) : min;
}

/** Adds somebody who notes more than single waits. Returns the undo. */
export function addWaitSource(source: WaitSource): () => void {
  const { sources } = book();
  sources.add(source);
  return () => {
    sources.delete(source);
  };
}

/** The only local root of this thread that has begun and not ended; undefined when there are none, or several. */
export function soleOpenRoot(): RootWaits | undefined {
  return book().open.sole;
}

/** Who wants to know what requests waited for. */
export interface WaitReader {
  /**
   * A local root begins: what it waits for is noted from now on. Undefined when the span cannot be marked: it is frozen, or
   * another reader has marked it.
   */
  begin(root: Span, startMs: number): RootWaits | undefined;
  /** Its span has ended: it holds nothing up any more, but what it waited for may still be told. */
  stop(root: RootWaits): void;
  /** Its waits have been read. */
  end(root: RootWaits): void;
  /** To be called before reading: has everybody note what they know. */
  gather(isFinal: boolean): void;
  /** The latest moment of which anything is known about the thread; `-Infinity` if nothing is. */
  readonly latestMs: number;
  /** What is known of the thread that overlaps a time, the latest told first. */
  visitThread(fromMs: number, toMs: number, visitor: ThreadWaitVisitor): void;
  /** Without readers, nothing is noted any more and all is forgotten. */
  close(): void;
}

class Reader implements WaitReader {
  readonly #book: WaitBook;
  #isOpen = true;

  constructor(own: WaitBook) {
    this.#book = own;
    own.readers += 1;
    own.thread ??= new ThreadWaits();
  }

  begin(root: MarkedSpan, startMs: number): RootWaits | undefined {
    if (root[ROOT_WAITS] !== undefined) return undefined;
    const waits = new RootWaits(root.spanContext(), startMs, this);
    try {
      root[ROOT_WAITS] = waits;
    } catch {
      // A frozen span: somebody's own implementation.
      return undefined;
    }
    this.#book.open.add(waits);
    return waits;
  }

  stop(root: RootWaits): void {
    this.#book.open.stop(root);
  }

  end(root: RootWaits): void {
    this.#book.open.delete(root);
  }

  gather(isFinal: boolean): void {
    for (const source of this.#book.sources) guard('kit.waits', () => source.gather(isFinal), undefined);
  }

  get latestMs(): number {
    return this.#book.thread?.latestMs ?? Number.NEGATIVE_INFINITY;
  }

  visitThread(fromMs: number, toMs: number, visitor: ThreadWaitVisitor): void {
    this.#book.thread?.visit(fromMs, toMs, visitor);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#book.readers -= 1;
    if (this.#book.readers > 0) return;
    this.#book.thread = undefined;
    this.#book.open.clear();
  }
}

/** What is noted about a local root; undefined where no reader has begun it. */
export function waitsOf(root: object): RootWaits | undefined {
  return (root as MarkedSpan)[ROOT_WAITS];
}

/** Opens a reader of what this thread's requests wait for: from now on it is noted. Some 230 KB a thread. */
export function readWaits(): WaitReader {
  return new Reader(book());
}
