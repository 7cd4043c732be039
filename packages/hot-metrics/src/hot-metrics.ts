import { threadId } from 'node:worker_threads';
import type { MeterProvider } from '@opentelemetry/api';
import { shared } from '@sonde/event-stream';
import { type Clock, wallClock } from './clock.ts';
import { Collector } from './collector.ts';
import { FallbackRoute } from './fallback.ts';
import type { Surroundings } from './instrument.ts';
import { Meter } from './meter.ts';
import { Observers } from './observers.ts';
import { checkScope } from './options.ts';
import { Producer } from './producer.ts';
import { resolveProducer } from './producer-options.ts';
import { requestSamples, SampleResponder } from './remote-sampling.ts';
import { Reports } from './reports.ts';
import { LocalSource } from './series-source.ts';
import { ThreadMemory } from './thread-memory.ts';
import type {
  HotBlockDescriptor,
  HotMeter,
  HotMetricProducer,
  HotMetrics,
  HotMetricsStatistics,
  ObserveCallback,
  ProducerConfig,
} from './types.ts';

/** Size of the header of a block, and of a dictionary. */
const LEAST_BYTES = 64;

/** What a test may put in the place of the surroundings of a thread. */
export interface HotMetricsEnvironment {
  clock?: Clock;
  /** Default: this thread's. */
  threadId?: number;
}

/** The hot metrics of this thread, the same ones for every copy of this package. */
export function hotMetrics(): HotMetrics {
  return shared('hot-metrics.1', () => createHotMetrics());
}

/** Hot metrics of their own, shared with nobody; for tests. */
export function createHotMetrics(environment: HotMetricsEnvironment = {}): HotMetrics {
  return new ThreadHotMetrics(environment);
}

class ThreadHotMetrics implements HotMetrics {
  readonly #reports = new Reports();
  readonly #observers = new Observers(this.#reports);
  readonly #meters = new Map<string, Meter>();
  readonly #clock: Clock;
  readonly #memory: ThreadMemory;
  readonly #route: FallbackRoute;
  readonly #surroundings: Surroundings;
  readonly #responder = new SampleResponder(this.#observers);
  #collector: Collector | undefined;
  #producers = 0;

  constructor(environment: HotMetricsEnvironment) {
    const { clock = wallClock, threadId: id = threadId } = environment;
    this.#clock = clock;
    this.#memory = new ThreadMemory(id);
    const sample = () => this.#observers.run();
    this.#route = new FallbackRoute({ memory: this.#memory, reports: this.#reports, clock, sample });
    this.#surroundings = {
      memory: this.#memory,
      route: this.#route,
      reports: this.#reports,
      clock,
      hasSeveralThreads: id !== 0,
    };
  }

  meter(scope: string, version?: string): HotMeter {
    checkScope(scope, version);
    const key = JSON.stringify([scope, version]);
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      meter = new Meter(scope, version, {
        surroundings: this.#surroundings,
        observe: (observedScope, callback) => this.#observe(observedScope, callback),
      });
      this.#meters.set(key, meter);
    }
    return meter;
  }

  producer(config?: ProducerConfig): HotMetricProducer {
    const resolved = resolveProducer(config);
    const release = this.#route.addCollector();
    this.#producers++;
    return new Producer(resolved, {
      collector: this.#theCollector(),
      clock: this.#clock,
      sample: (timeoutMillis) => this.#sample(timeoutMillis),
      onClose: () => {
        release();
        this.#producers--;
      },
    });
  }

  useMeterProvider(provider: MeterProvider | undefined): void {
    this.#route.useMeterProvider(provider);
  }

  descriptor(): HotBlockDescriptor | undefined {
    return this.#memory.descriptor();
  }

  onBlock(listener: (descriptor: HotBlockDescriptor) => void): () => void {
    const release = this.#route.addCollector();
    const remove = this.#memory.onBlock((descriptor) => {
      this.#listenForRequests();
      listener(descriptor);
    });
    return () => {
      remove();
      release();
    };
  }

  attach(descriptor: HotBlockDescriptor): boolean {
    if (!isDescriptor(descriptor) || descriptor.threadId === this.#memory.threadId) {
      this.#reports.warnOnce('attach', 'hot-metrics: a block descriptor of another thread was expected: ignored');
      return false;
    }
    this.#surroundings.hasSeveralThreads = true;
    this.#theCollector().attach(descriptor);
    return true;
  }

  detach(id: number): void {
    if (Number.isInteger(id) && id !== this.#memory.threadId) this.#theCollector().detach(id);
  }

  statistics(): HotMetricsStatistics {
    const { overflowed, rejected, callbackErrors } = this.#reports;
    return {
      series: this.#memory.series.length,
      mergedSeries: this.#collector?.seriesCount ?? 0,
      overflowed,
      rejected,
      callbackErrors,
      threads: this.#collector?.threads ?? 0,
      retiredThreads: this.#collector?.retiredThreads ?? 0,
      bytes: this.#memory.bytes,
      producers: this.#producers,
    };
  }

  #observe(scope: string, callback: ObserveCallback): () => void {
    const remove = this.#observers.add(scope, callback);
    this.#listenForRequests();
    return () => {
      remove();
      this.#listenForRequests();
    };
  }

  /** Where another thread collects this one's memory, its collections must run this thread's callbacks. */
  #listenForRequests(): void {
    if (this.#memory.listeners > 0) this.#responder.update(this.#memory.blocks[0]);
  }

  #sample(timeoutMs: number | undefined): Promise<void> | undefined {
    const own = this.#observers.run(timeoutMs);
    const others = requestSamples(this.#collector?.remoteFirstBlocks() ?? []);
    if (own === undefined || others === undefined) return own ?? others;
    return Promise.all([own, others]).then(() => undefined);
  }

  #theCollector(): Collector {
    if (this.#collector === undefined) {
      this.#collector = new Collector(new LocalSource(this.#memory), this.#reports);
    }
    return this.#collector;
  }
}

/** Checks what came in a message. Not by `instanceof`: the memory may come from another realm. */
function isDescriptor(input: unknown): input is HotBlockDescriptor {
  if (typeof input !== 'object' || input === null) return false;
  const { version, threadId: id, dictionary, blocks } = input as Record<string, unknown>;
  const isKnown = version === 1 && Number.isInteger(id);
  return isKnown && isSharedMemory(dictionary) && Array.isArray(blocks) && blocks.every(isSharedMemory);
}

/** Shared memory that holds at least the header of a block or a dictionary. */
function isSharedMemory(value: unknown): boolean {
  if (Object.prototype.toString.call(value) !== '[object SharedArrayBuffer]') return false;
  return (value as SharedArrayBuffer).byteLength >= LEAST_BYTES;
}
