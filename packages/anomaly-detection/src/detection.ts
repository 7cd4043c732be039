import { type EventStream, eventStream } from '@sonde/event-stream';
import { everyUnref, guard, guarded, reportFailure, warnOnce } from '@sonde/instrumentation-kit';
import { AnomalyMetricReader } from './anomaly-metric-reader.ts';
import { checkBaseline, readBaseline, writeBaseline } from './baseline/baseline-file.ts';
import { compareBaselines } from './baseline/compare-baselines.ts';
import { takeBaseline } from './baseline/take-baseline.ts';
import type { Baseline, DriftReport } from './baseline/types.ts';
import type { ResolvedAnomalyConfig } from './config.ts';
import { EventRates } from './events/event-rates.ts';
import { explain } from './explain.ts';
import { Incidents } from './incidents/incidents.ts';
import { Pauses } from './incidents/pauses.ts';
import type { Subject } from './incidents/subject.ts';
import { type MemoryUsage, memoryMetrics } from './memory-samples.ts';
import { HotMetricsTap, MetricSource } from './metric-source.ts';
import { Announcer } from './output/announcer.ts';
import { SeriesTable } from './series/series-table.ts';
import { Turns } from './series/turns.ts';
import { Operations } from './spans/operations.ts';
import { SpanRates } from './spans/span-rates.ts';
import { runQueueMs, Starvation } from './starvation.ts';
import { atExit } from './state/at-exit.ts';
import { messageOf } from './state/private-file.ts';
import type { SavedSeries, SavedState, StateSources } from './state/saved-state.ts';
import { obstacleAt, readState, writeState } from './state/saved-state.ts';
import { keptSentence, StateFile } from './state/state-file.ts';
import type { Undo } from './types.ts';

/** Looks between two savings of the state, in time. */
const SAVE_EVERY_MS = 300_000;

/** What cannot be changed later: where time, memory and events come from. */
export interface AnomalyEnvironment {
  /** Epoch milliseconds that never go back. Default: `performance.timeOrigin + performance.now()`. */
  readonly now?: () => number;
  /** Calls back every `ms` until the function that it returns is called. Default: an unref'd interval. */
  readonly every?: (callback: () => void, ms: number) => Undo;
  /** Default: `process.memoryUsage()`. */
  readonly memoryUsage?: () => MemoryUsage;
  /** How long the thread has waited for a CPU so far, in ms. Default: what Linux tells; NaN where nobody does. */
  readonly runQueueMs?: () => number;
  /** Default: that of this thread. */
  readonly stream?: () => EventStream;
  /** Tells people what is wrong with the state file, once each sentence. Default: `diag.warn`. */
  readonly warn?: (sentence: string) => void;
  /** Calls back when this process exits, until the function that it returns is called. Default: `process.on('exit')`. */
  readonly onExit?: (callback: () => void) => Undo;
  /** What `statePath` was given by, as those sentences name it. */
  readonly stateOption?: string;
}

function tell(sentence: string): void {
  warnOnce(`anomaly-detection.state ${sentence}`, sentence);
}

/** The parts, and the beat that drives them: one look an interval at everything that came since the last. */
export class Detection {
  readonly operations: Operations;
  readonly announcer: Announcer = new Announcer();
  readonly incidents: Incidents;
  readonly reader: AnomalyMetricReader;
  readonly #config: ResolvedAnomalyConfig;
  readonly #environment: Required<AnomalyEnvironment>;
  readonly #pauses = new Pauses();
  readonly #table: SeriesTable;
  readonly #metrics: MetricSource;
  readonly #hotMetrics: HotMetricsTap;
  readonly #spans: SpanRates;
  readonly #starvation: Starvation;
  readonly #file: StateFile | undefined;
  #events: EventRates | undefined;
  #saved = new Map<string, SavedSeries>();
  #stop: Undo | undefined;
  #forgetExit: Undo | undefined;
  #looking: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #look = 0;
  #startedMs = Number.NaN;
  #lastMs = Number.NaN;
  #savedMs = 0;

  constructor(config: ResolvedAnomalyConfig, environment: AnomalyEnvironment) {
    const now = (): number => performance.timeOrigin + performance.now();
    const memoryUsage = (): MemoryUsage => process.memoryUsage();
    this.#config = config;
    const given = { warn: tell, onExit: atExit, stateOption: 'createAnomalyDetection: statePath', ...environment };
    this.#environment = { now, every: everyUnref, memoryUsage, stream: eventStream, runQueueMs, ...given };
    const { stateOption, warn } = this.#environment;
    const { statePath } = config;
    if (statePath !== '') this.#file = new StateFile({ path: statePath, name: stateOption, warn });
    this.#starvation = new Starvation(this.#environment.runQueueMs);
    const { intervalMs, maxPerHour, maxSeries, maxOperations, warmUpMs, onAnomaly } = config;
    this.incidents = new Incidents({
      intervalMs,
      maxPerHour,
      pauses: this.#pauses,
      emit: (anomaly) => this.announcer.tell(anomaly, this.#environment.now()),
      suppress: (reason) => this.announcer.suppressed(reason),
    });
    this.#table = new SeriesTable(maxSeries, (series) => {
      for (const subject of series.subjects) this.incidents.forget(subject);
      series.plan?.forget(series);
    });
    const saved = (text: string): Readonly<Record<string, unknown>> | undefined => {
      const found = this.#saved.get(text)?.signals;
      this.#saved.delete(text);
      return found;
    };
    this.#metrics = new MetricSource(
      { table: this.#table, intervalMs, warmUpMs, turns: new Turns(), saved },
      this.incidents,
    );
    this.#hotMetrics = new HotMetricsTap(config.hotMetrics);
    this.operations = new Operations(maxOperations, (operation) => this.#spans.forget(operation));
    this.#spans = new SpanRates(this.operations, this.incidents, intervalMs);
    this.reader = new AnomalyMetricReader({
      onBound: () => this.start(),
      onFlush: () => this.look(),
      onShutdown: () => this.shutdown(),
    });
    if (onAnomaly !== undefined) this.announcer.onAnomaly(onAnomaly);
  }

  start(): void {
    if (this.#stop !== undefined || this.#ending !== undefined) return;
    guard('anomaly-detection.start', () => this.#begin(), undefined);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#hotMetrics.close();
    this.announcer.stop();
    // What comes until the next start is not of one interval.
    this.#lastMs = Number.NaN;
  }

  /** One look; the one that goes on, if there is one. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  pause(series: string, durationMs: number): Undo {
    return this.#pauses.add(series, durationMs, this.#environment.now());
  }

  explain(series: string): string {
    if (this.#look > 0) return explain(this.#subjects(), String(series));
    const seconds = this.#config.intervalMs / 1000;
    return `Nothing has been looked at yet: the first look comes ${seconds} s after the start; look() takes one at once.`;
  }

  baseline(release = ''): Baseline {
    return takeBaseline({
      operations: this.operations.values(),
      series: this.#table.values(),
      nowMs: this.#environment.now(),
      sinceMs: this.#startedMs,
      intervalMs: this.#config.intervalMs,
      release,
    });
  }

  async saveBaseline(path: string, release?: string): Promise<void> {
    await writeBaseline(path, this.baseline(release));
  }

  async loadBaseline(path: string): Promise<Baseline> {
    return readBaseline(path);
  }

  driftReport(baseline: Baseline): DriftReport {
    return compareBaselines(checkBaseline(baseline), this.baseline());
  }

  async saveState(path: string): Promise<void> {
    const obstacle = obstacleAt(path);
    if (obstacle !== undefined) throw new Error(keptSentence('saveState', path, obstacle));
    await writeState(path, () => this.#sources());
  }

  restore(path: string): boolean {
    try {
      const state = readState(path);
      if (state !== undefined) this.#restore(state);
      return state !== undefined;
    } catch (error) {
      this.#environment.warn(`restore: ${messageOf(error)}: everything is learned anew`);
      return false;
    }
  }

  /** Nothing is worth saving before the first look. */
  saveNow(): void {
    if (this.#look > 0) guard('anomaly-detection.save', () => this.#file?.saveSync(this.#sources()), undefined);
  }

  shutdown(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #begin(): void {
    const { intervalMs, watchEvents, threshold } = this.#config;
    const { every, now, stream, onExit } = this.#environment;
    if (Number.isNaN(this.#startedMs)) {
      this.#startedMs = now();
      this.#savedMs = this.#startedMs;
      const state = this.#file?.load();
      if (state !== undefined) this.#restore(state);
      if (this.#file !== undefined) this.#forgetExit = onExit(() => this.saveNow());
    }
    if (watchEvents) this.#events ??= new EventRates({ stream: stream(), threshold, incidents: this.incidents });
    this.announcer.report(() => ({
      series: this.#table.size,
      evicted: this.#table.evicted,
      dropped: this.#table.dropped,
      score: this.incidents.score,
    }));
    this.#stop = every(
      guarded('anomaly-detection.look', () => {
        this.look().catch((error: unknown) => reportFailure('anomaly-detection.look', error));
      }),
      intervalMs,
    );
  }

  async #lookOnce(): Promise<void> {
    if (this.#ending !== undefined) return;
    const [own, hot] = await Promise.all([this.reader.read(), this.#readHot()]);
    const nowMs = this.#environment.now();
    const elapsedMs = nowMs - this.#lastMs;
    // A clock that stands still or goes back: nothing can be said of an interval.
    if (elapsedMs <= 0) return;
    this.#lastMs = nowMs;
    const look = ++this.#look;
    this.#metrics.take(own, look);
    this.#metrics.take(hot, look);
    if (this.#config.sampleMemory) this.#sampleMemory(look);
    const isStarved = this.#starvation.look(elapsedMs);
    this.#metrics.finish({ look, nowMs, elapsedMs, isStarved });
    this.#spans.look(look, nowMs, isStarved);
    this.#events?.look(look, nowMs);
    this.incidents.finish(() => this.#subjects(), look, nowMs);
    this.#saveNowAndThen(nowMs);
  }

  async #readHot(): ReturnType<HotMetricsTap['collect']> {
    try {
      return await this.#hotMetrics.collect();
    } catch (error) {
      reportFailure('anomaly-detection.hot-metrics', error);
      return [];
    }
  }

  /** Nothing is sampled twice: what another source has told once is left to it. */
  #sampleMemory(look: number): void {
    const isTold = (name: string): boolean => this.#metrics.isToldByOthers(name);
    this.#metrics.take(memoryMetrics(this.#environment.memoryUsage(), isTold), look);
  }

  #saveNowAndThen(nowMs: number): void {
    if (nowMs - this.#savedMs < SAVE_EVERY_MS) return;
    this.#savedMs = nowMs;
    void this.#file?.save(() => this.#sources());
  }

  async #end(): Promise<void> {
    this.stop();
    if (this.#look > 0) await this.#file?.save(() => this.#sources());
    // Not before: the process may exit while it is being written.
    this.#forgetExit?.();
  }

  #sources(): StateSources {
    return {
      series: this.#table.values(),
      operations: this.operations.values(),
      unseen: this.#saved,
      nowMs: this.#environment.now(),
    };
  }

  #restore({ series, operations }: SavedState): void {
    this.#saved = series;
    for (const operation of operations) this.operations.restore(operation);
  }

  *#subjects(): Generator<Subject> {
    yield* this.#table.subjects();
    yield* this.#spans.subjects();
    if (this.#events !== undefined) yield* this.#events.subjects();
  }
}
