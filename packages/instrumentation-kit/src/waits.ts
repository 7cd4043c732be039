import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { shared } from '@sonde/event-stream';
import { reportFailure } from './guard.ts';
import { type Culprit, ThreadWaits, type ThreadWaitVisitor } from './thread-waits.ts';
import { WaitList } from './wait-list.ts';

/**
 * What a request can have waited for.
 *
 * Of the thread, so of every request in it: `gc` a garbage collection; `blocked_loop` a long turn of the event loop, whoever
 * held it (its own root tells by the culprit); `busy_loop` short turns; `cpu` the thread was ready and got no CPU (run queue,
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
const LOCAL_ROOT: unique symbol = Symbol.for('sonde.span.local_root') as never;
const ROOT_WAITS: unique symbol = Symbol.for('sonde.span.waits.1') as never;

/** What is noted about one local root while somebody wants to know. */
export interface RootWaits {
  readonly traceId: string;
  readonly startMs: number;
  readonly waits: WaitList;
}

class OpenRoot implements RootWaits {
  readonly traceId: string;
  readonly startMs: number;
  readonly waits: WaitList = new WaitList();
  /** Readers that have not let it go. */
  readers = 1;
  /** Another open root of the same trace. */
  next: OpenRoot | undefined;

  constructor(traceId: string, startMs: number) {
    this.traceId = traceId;
    this.startMs = startMs;
  }
}

interface MarkedSpan extends Span {
  readonly [LOCAL_ROOT]?: MarkedSpan;
  [ROOT_WAITS]?: OpenRoot;
}

/** Of one thread. */
interface WaitBook {
  readers: number;
  readonly open: Map<string, OpenRoot>;
  thread: ThreadWaits | undefined;
}

let known: WaitBook | undefined;

function book(): WaitBook {
  known ??= shared('kit.waits.1', (): WaitBook => ({ readers: 0, open: new Map(), thread: undefined }));
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
    const root = (span?.[LOCAL_ROOT] ?? span)?.[ROOT_WAITS];
    root?.waits.add(NUMBERS[kind], startMs, endMs);
  } catch (error) {
    // Somebody's own span or context manager.
    reportFailure('kit.waits', error);
  }
}

/** The same for all open local roots of a trace, for those who know no more than its id. */
export function noteWaitOfTrace(traceId: string, kind: Wait, startMs: number, endMs: number): void {
  const { readers, open } = known ?? book();
  if (readers === 0 || !isWait(startMs, endMs)) return;
  for (let root = open.get(traceId); root !== undefined; root = root.next) {
    root.waits.add(NUMBERS[kind], startMs, endMs);
  }
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

/** Who wants to know what requests waited for. */
export interface WaitReader {
  /** A local root begins: what it waits for is noted from now on. Undefined when the span cannot be marked (frozen). */
  begin(root: Span, startMs: number): RootWaits | undefined;
  /** It has ended, and its waits have been read. */
  end(root: RootWaits): void;
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
    const marked = root[ROOT_WAITS];
    if (marked !== undefined) {
      marked.readers += 1;
      return marked;
    }
    if (!Object.isExtensible(root)) return undefined;
    const { open } = this.#book;
    const opened = new OpenRoot(root.spanContext().traceId, startMs);
    opened.next = open.get(opened.traceId);
    open.set(opened.traceId, opened);
    root[ROOT_WAITS] = opened;
    return opened;
  }

  end(root: RootWaits): void {
    const ended = root as OpenRoot;
    ended.readers -= 1;
    if (ended.readers === 0) forget(this.#book.open, ended);
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

function forget(open: Map<string, OpenRoot>, root: OpenRoot): void {
  const first = open.get(root.traceId);
  if (first === root) {
    if (root.next === undefined) open.delete(root.traceId);
    else open.set(root.traceId, root.next);
    return;
  }
  for (let other = first; other !== undefined; other = other.next) {
    if (other.next === root) other.next = root.next;
  }
}

/** Opens a reader of what this thread's requests wait for: from now on it is noted. Some 160 KB a thread. */
export function readWaits(): WaitReader {
  return new Reader(book());
}
