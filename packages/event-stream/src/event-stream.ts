import { AdmissionTable } from './admission.ts';
import { checkDefinition, DefinitionRegistry } from './definitions.ts';
import { DictionaryWriter } from './dictionary.ts';
import { RingEventHandle } from './event-handle.ts';
import type { Category, EventDefinition, EventHandle } from './event-types.ts';
import { MAX_GATES } from './layout.ts';
import { type ResolvedStreamConfig, resolveStreamConfig } from './options.ts';
import { RingQuery } from './query.ts';
import type { Query } from './query-types.ts';
import { allocateRing, Ring } from './ring.ts';
import { RingView } from './ring-view.ts';
import { RingWriter } from './ring-writer.ts';
import { RingSubscription } from './subscription.ts';
import type {
  EventStream,
  EventStreamConfig,
  HybridClock,
  RingDescriptor,
  RingSizes,
  StreamStatistics,
  SubscribeOptions,
  Subscription,
} from './types.ts';

/** A stream of its own. Nothing is allocated before the first event. @throws RangeError for an option out of range */
export function createEventStream(config: EventStreamConfig = {}): EventStream {
  return new ThreadEventStream(config);
}

const SUBSCRIBE_OPTIONS: ReadonlySet<string> = new Set<keyof SubscribeOptions>([
  'from',
  'lossless',
  'filter',
  'predicate',
  'batch',
]);
const NONE = { produced: 0, dropped: 0, thinned: 0 };

class ThreadEventStream implements EventStream {
  readonly clock: HybridClock;
  #requested: EventStreamConfig;
  #config: ResolvedStreamConfig;
  readonly #writer: RingWriter;
  readonly #dictionary: DictionaryWriter;
  readonly #admissions: AdmissionTable;
  readonly #registry = new DefinitionRegistry();
  readonly #handles = new Map<string, EventHandle>();
  /** Those who do not keep their handle pay for one look-up, as long as they keep their definition. */
  readonly #handlesByDefinition = new WeakMap<EventDefinition, EventHandle>();
  readonly #subscriptions = new Set<RingSubscription>();
  readonly #allocateListeners = new Set<(descriptor: RingDescriptor) => void>();
  /** This thread's ring, once it is there, and those attached. */
  readonly #views: RingView[] = [];
  #own: RingView | undefined;
  readonly #detached = { ...NONE };
  /** What subscribers that are closed had taken and missed. */
  readonly #closed = { consumed: 0, dropped: 0 };

  constructor(requested: EventStreamConfig) {
    const config = resolveStreamConfig(requested);
    this.#requested = requested;
    this.#config = config;
    this.#dictionary = new DictionaryWriter(config.dictionaryBytes);
    this.#writer = new RingWriter(
      config,
      () => this.#allocate(),
      (ring) => this.#announce(ring),
    );
    this.clock = this.#writer.clock;
    this.#admissions = new AdmissionTable(() => this.#writer.countThinned());
  }

  event(definition: EventDefinition): EventHandle {
    let handle = this.#handlesByDefinition.get(definition);
    if (handle === undefined) {
      handle = this.#define(checkDefinition(definition));
      this.#handlesByDefinition.set(definition, handle);
    }
    return handle;
  }

  definitions(): readonly EventDefinition[] {
    for (const view of this.#views) view.types();
    return this.#registry.definitions;
  }

  name(text: string): number {
    return this.#dictionary.name(text);
  }

  context(traceId: string, spanId: string): number {
    try {
      return this.#writer.contexts.intern(traceId, spanId);
    } catch {
      // No memory for a ring: events are dropped (and counted) then, so they need no trace.
      return 0;
    }
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`event stream: the options of subscribe must be an object, got ${String(options)}`);
    }
    for (const option of Object.keys(options)) {
      if (SUBSCRIBE_OPTIONS.has(option)) continue;
      const known = [...SUBSCRIBE_OPTIONS].join(', ');
      throw new TypeError(`event stream: subscribe has no option ${JSON.stringify(option)}; there are ${known}`);
    }
    const from = options.from ?? 'now';
    if (from !== 'now' && from !== 'oldest') {
      throw new RangeError(`event stream: from must be 'now' or 'oldest', got ${String(from)}`);
    }
    if (options.lossless === true && this.#losslessCount() === MAX_GATES) {
      throw new RangeError(`event stream: lossless subscribers must be at most ${MAX_GATES}, close one first`);
    }
    this.#writer.publish();
    const subscription = new RingSubscription(options, this.#writer, (closed) => this.#forget(closed));
    for (const view of this.#views) subscription.add(view, from);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  query(): Query {
    return new RingQuery({
      now: () => this.#config.timeOriginMs + this.#config.now(),
      views: () => {
        this.#writer.publish();
        return this.#views;
      },
      isLocal: (view) => view === this.#own,
    });
  }

  statistics(): StreamStatistics {
    this.flush();
    const threads = this.#views.map((view) => view.ring.statistics());
    const unallocated = this.#own === undefined ? this.#writer.counts : NONE;
    const subscribers = Array.from(this.#subscriptions, (subscription) => subscription.statistics());
    const total = (figure: keyof typeof NONE): number =>
      threads.reduce((sum, thread) => sum + thread[figure], this.#detached[figure] + unallocated[figure]);
    return {
      threads,
      produced: total('produced'),
      dropped: total('dropped'),
      thinned: total('thinned'),
      consumed: subscribers.reduce((sum, { consumed }) => sum + consumed, this.#closed.consumed),
      overwritten: subscribers.reduce((sum, { dropped }) => sum + dropped, this.#closed.dropped),
      subscribers,
      bytes: threads.reduce((sum, thread) => sum + thread.bytes, 0),
    };
  }

  flush(): void {
    this.#writer.publish();
  }

  setLevel(severity: number, category?: Category): void {
    this.#admissions.setLevel(severity, category);
  }

  setThinning(ratio: number): void {
    this.#admissions.setThinning(ratio);
  }

  descriptor(): RingDescriptor {
    return this.#writer.ring.descriptor;
  }

  attach(descriptor: RingDescriptor): boolean {
    const ring = new Ring(descriptor);
    const isKnown = this.#views.some(
      ({ ring: { descriptor: known } }) =>
        known.header === descriptor.header || (known.threadId === descriptor.threadId && known.pid === descriptor.pid),
    );
    if (isKnown) {
      return false;
    }
    this.#addView(ring);
    return true;
  }

  detach(threadId: number): boolean {
    const index = this.#views.findIndex((view) => view !== this.#own && view.threadId === threadId);
    const [view] = index < 0 ? [] : this.#views.splice(index, 1);
    if (view === undefined) {
      return false;
    }
    view.ring.end();
    const { produced, dropped, thinned } = view.ring.statistics();
    this.#detached.produced += produced;
    this.#detached.dropped += dropped;
    this.#detached.thinned += thinned;
    return true;
  }

  resize(sizes: RingSizes): boolean {
    const requested = { ...this.#requested, ...sizes };
    const config = resolveStreamConfig(requested);
    if (this.#own !== undefined) {
      return false;
    }
    this.#requested = requested;
    this.#config = config;
    return true;
  }

  onAllocate(listener: (descriptor: RingDescriptor) => void): () => void {
    this.#allocateListeners.add(listener);
    if (this.#own !== undefined) {
      listener(this.#own.ring.descriptor);
    }
    return () => this.#allocateListeners.delete(listener);
  }

  #forget(closed: RingSubscription): void {
    this.#subscriptions.delete(closed);
    this.#closed.consumed += closed.consumed;
    this.#closed.dropped += closed.dropped;
  }

  #define(definition: EventDefinition): EventHandle {
    this.#registry.checkShape(definition);
    const known = this.#handles.get(definition.name);
    if (known !== undefined) {
      return known;
    }
    const shared = { writer: this.#writer, admissions: this.#admissions, dictionary: this.#dictionary };
    const type = this.#dictionary.definition(definition);
    this.#registry.numberOf(definition);
    const handle = new RingEventHandle(shared, { definition, type, severity: definition.severity, labels: [0, 0] });
    this.#handles.set(definition.name, handle);
    return handle;
  }

  #losslessCount(): number {
    return [...this.#subscriptions].filter((subscription) => subscription.isLossless).length;
  }

  #allocate(): Ring {
    const ring = allocateRing(this.#config, this.#dictionary.allocate());
    this.#dictionary.open(ring.header);
    return ring;
  }

  #announce(ring: Ring): void {
    this.#own = this.#addView(ring);
    for (const listener of this.#allocateListeners) {
      try {
        listener(ring.descriptor);
      } catch {
        // A listener must not be able to break the first emit of somebody else.
      }
    }
  }

  #addView(ring: Ring): RingView {
    const view = new RingView(ring, this.#registry);
    this.#views.push(view);
    for (const subscription of this.#subscriptions) subscription.add(view, 'oldest');
    return view;
  }
}
