import type { AnomalyDetection, AnomalyListener } from '@sonde/anomaly-detection';
import type { CausalTrace, Moment } from '@sonde/causality';
import {
  type EventDefinition,
  type EventRecord,
  type EventStream,
  eventStream,
  type Query,
  type StreamStatistics,
  type SubscribeOptions,
  type Subscription,
} from '@sonde/event-stream';
import { type HotMetricsStatistics, hotMetrics } from '@sonde/hot-metrics';
import { activeContext, countDropped, droppedCounts, guard, show, warnOnce } from '@sonde/instrumentation-kit';
import type { BlockedLoopReport } from '@sonde/instrumentation-scheduler';
import { onBlockedLoop } from './blocked-loop-listeners.ts';
import { started } from './handle-state.ts';
import { loadPackage } from './load-module.ts';

type Causality = typeof import('@sonde/causality');
type Sampling = typeof import('@sonde/sampling');

/** What one event says; see the fields of its definition. */
export interface EventFields {
  readonly value?: number;
  readonly detail?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** Counts of what Sonde did and gave up in this thread, and in those that are linked to it. */
export interface SondeStatistics {
  /** Whether anything has been started in this thread. */
  readonly isStarted: boolean;
  readonly events: StreamStatistics;
  readonly metrics: HotMetricsStatistics;
  /** What was dropped or has failed, by cause. */
  readonly dropped: ReadonlyMap<string, number>;
}

/** All that application code needs of Sonde. Until something is started it does nothing. */
export interface Sonde {
  /**
   * Emits an event of the application's own, with the active trace. Hundreds of nanoseconds; for hot paths take a
   * handle: `eventStream().event(definition)` of `@sonde/event-stream`. Never throws.
   */
  emit(definition: EventDefinition, fields?: EventFields): void;
  /** As `emit`, as part of the chain that the code runs in (`runInChain`), else of the active trace. */
  emitCausal(definition: EventDefinition, fields?: EventFields): void;
  /** As `emit`, as part of a chain by its name: a trace id, or any text of up to 256 characters, such as an order number. */
  emitInChain(definition: EventDefinition, name: string, fields?: EventFields): void;
  /** Runs a function, and all that it awaits, in a chain. Returns what it returns. */
  runInChain<T>(name: string, work: () => T): T;
  /** Spans and events of a trace or chain in all threads, as a tree; spans where `spanEvents` is on. */
  trace(name: string): CausalTrace;
  /** The same as a list of moments in the order of the hybrid clock. */
  timeline(name: string): Moment[];
  /** What an event, a span, a trace or a chain follows from, as far as the stream remembers. */
  ancestors(of: string | EventRecord): EventRecord[];
  /** What follows from it. */
  descendants(of: string | EventRecord): EventRecord[];
  /** An independent cursor over the events of all threads; see `EventStream.subscribe`. */
  subscribe(options?: SubscribeOptions): Subscription;
  /** A query over the events that the rings still hold; see `EventStream.query`. */
  query(): Query;
  /**
   * Calls the listener with each report on what blocked this thread's event loop: stack, route, trace. Returns the undo.
   * @throws TypeError when it is no function
   */
  onBlockedLoop(listener: (report: BlockedLoopReport) => void): () => void;
  /**
   * Calls the listener with each anomaly, as it starts and as it ends. Returns the undo; where nothing looks for anomalies,
   * the listener is never called.
   * @throws TypeError when it is no function
   */
  onAnomaly(listener: AnomalyListener): () => void;
  /** What looks for anomalies: ask it to explain a series, pause one, compare with a baseline. Undefined where it is off. */
  readonly anomalies: AnomalyDetection | undefined;
  stats(): SondeStatistics;
  /**
   * Asks for the trace of the active span to be kept, as far as its budget for that goes. False when that cannot be any
   * more: it is not recorded, or no tail stage runs. Never throws.
   */
  keepTrace(): boolean;
  /**
   * Sets the part of the event-loop thread's time that telemetry may take, 0 (nothing is recorded beyond what the sampler
   * keeps) to 1; undefined goes back to `overheadTarget`. False, and said once, for another value; false where nothing is
   * governed, because every trace is kept. Never throws.
   */
  setOverhead(ratio: number | undefined): boolean;
  /** Delivers what is pending (2 s at most) and takes everything off again. Idempotent, never rejects. */
  shutdown(): Promise<void>;
}

function emitInto(stream: EventStream, definition: EventDefinition, fields: EventFields): void {
  const handle = stream.event(definition);
  const bound = fields.labels === undefined ? handle : handle.bind(fields.labels);
  const { value, detail, text } = fields;
  const context = activeContext();
  if (text === undefined) bound.emit(undefined, value, detail, context);
  else
    bound.emitText({
      text,
      context,
      ...(value === undefined ? {} : { value }),
      ...(detail === undefined ? {} : { detail }),
    });
}

/** Says once of each event what is wrong with its definition or its fields, where the application's author can see it. */
function refuseEvent(definition: EventDefinition, error: unknown): void {
  countDropped('node.emit');
  const reason = error instanceof Error ? error.message : String(error);
  warnOnce(`node.emit.${String(definition?.name)}`, `sonde.emit: the event is dropped: ${reason}`);
}

/** Loaded by the first who asks. */
function causality(): Causality {
  return loadPackage<Causality>('@sonde/causality');
}

/** The handle. It keeps no state of its own: duplicate copies of this package share one runtime. */
export const sonde: Sonde = {
  emit(definition, fields = {}): void {
    if (started().runtime === undefined) return;
    try {
      emitInto(eventStream(), definition, fields);
    } catch (error) {
      refuseEvent(definition, error);
    }
  },
  emitCausal(definition, fields = {}): void {
    if (started().runtime !== undefined) causality().emitCausal(definition, fields);
  },
  emitInChain(definition, name, fields = {}): void {
    if (started().runtime !== undefined) causality().emitInChain(definition, name, fields);
  },
  runInChain(name, work) {
    if (started().runtime !== undefined) return causality().runInChain(name, work);
    if (typeof work !== 'function') throw new TypeError(`runInChain: work must be a function, got ${show(work)}`);
    return work();
  },
  trace: (name) => causality().causalTrace(name),
  timeline: (name) => causality().timeline(name),
  ancestors: (of) => causality().ancestors(of),
  descendants: (of) => causality().descendants(of),
  subscribe: (options) => eventStream().subscribe(options),
  query: () => eventStream().query(),
  onBlockedLoop,
  onAnomaly(listener) {
    if (typeof listener !== 'function') {
      throw new TypeError(`onAnomaly: listener must be a function, got ${typeof listener}`);
    }
    return started().runtime?.anomalies?.onAnomaly(listener) ?? ((): void => {});
  },
  get anomalies(): AnomalyDetection | undefined {
    return started().runtime?.anomalies;
  },
  stats: () => ({
    isStarted: started().runtime !== undefined,
    events: eventStream().statistics(),
    metrics: hotMetrics().statistics(),
    dropped: droppedCounts(),
  }),
  keepTrace: () => {
    if (started().runtime === undefined) return false;
    return guard('node.keepTrace', () => loadPackage<Sampling>('@sonde/sampling').keepTrace(), false);
  },
  setOverhead: (ratio) => started().setOverhead?.(ratio) ?? false,
  async shutdown(): Promise<void> {
    const state = started();
    const { runtime } = state;
    await runtime?.shutdown();
    if (state.runtime !== runtime) return;
    state.runtime = undefined;
    state.setOverhead = undefined;
  },
};
