import type { EventRecord, Subscription } from '@sonde/event-stream';
import { everyUnref, guard, guarded } from '@sonde/instrumentation-kit';
import { type ResolvedEventLogBridgeConfig, resolveConfig } from './config.ts';
import { EventFolds, type Fold } from './event-folds.ts';
import { flushFirst } from './flush-first.ts';
import { globalLoggerProvider } from './global-logger-provider.ts';
import { LogWriter } from './log-writer.ts';
import { LossReport } from './loss-report.ts';
import { createOutcomeCounts, type OutcomeCounts } from './outcome-counts.ts';
import { OwnEvents } from './own-events.ts';
import { TELEMETRY } from './semantic-names.ts';
import type { EventLogBridgeConfig, EventLogBridgeStatistics, EventLogger, EventLoggerProvider } from './types.ts';

/** What a logger that takes anything takes: FATAL4. */
const HIGHEST = 24;
/** Records read in one go; between two batches of a backlog the loop has its turn. */
const BATCH = 1024;

/**
 * Writes the events of a stream that are warnings or worse to OpenTelemetry logs: at once, and repetitions as
 * one log record a window, under a rate limit, with what was held back or overwritten counted and reported.
 *
 * It reads on an unref'd timer and costs emitters nothing. When the logger provider that it writes to is flushed or shut
 * down, by whomever, it writes what is pending first.
 */
export class EventLogBridge {
  readonly #config: ResolvedEventLogBridgeConfig;
  readonly #excluded: ReadonlySet<string>;
  readonly #subscription: Subscription;
  readonly #folds: EventFolds;
  readonly #counts: OutcomeCounts = createOutcomeCounts();
  readonly #writer: LogWriter;
  readonly #losses: LossReport;
  readonly #own: OwnEvents;
  readonly #stop: () => void;
  #next: NodeJS.Immediate | undefined;
  #closed: Fold[] = [];
  #provider: EventLoggerProvider | undefined;
  #logger: EventLogger | undefined;
  #release: (() => void) | undefined;
  #isShutDown = false;

  /** @throws TypeError or RangeError for a bad option */
  constructor(config: EventLogBridgeConfig = {}) {
    this.#config = resolveConfig(config);
    const { stream, minSeverity, excludedEvents, foldWindowMs, maxOpenFolds, intervalMs } = this.#config;
    this.#excluded = new Set(excludedEvents);
    this.#subscription = stream.subscribe({ from: 'oldest', filter: { severity: minSeverity }, batch: BATCH });
    this.#folds = new EventFolds(foldWindowMs, maxOpenFolds);
    this.#writer = new LogWriter(this.#config, this.#counts);
    this.#losses = new LossReport(this.#writer, this.#counts, this.#subscription);
    this.#own = new OwnEvents(stream);
    this.#stop = everyUnref(this.drain, intervalMs);
    guard('event-bridge.find', () => this.#findLogger(), undefined);
  }

  /**
   * Reads one batch of what has arrived and writes the folds whose window has ended; the timer calls it. Without a
   * logger that takes anything it reads nothing: events wait in the stream until there is one. Never throws.
   */
  readonly drain: () => void = guarded('event-bridge.drain', () => {
    const logger = this.#findLogger();
    if (logger === undefined) return;
    const read = this.#read();
    this.#write(logger, false);
    if (read === BATCH) this.#catchUp();
  });

  /**
   * Reads everything and writes every open fold, the rate limit still holding, before it returns its promise. Flushing
   * the logger provider is left to whoever owns it.
   */
  async forceFlush(): Promise<void> {
    this.#flush();
  }

  /** `forceFlush`, then nothing more: releases the stream and the timer. Idempotent. */
  async shutdown(): Promise<void> {
    this.#flush();
    this.#isShutDown = true;
    this.#stop();
    clearImmediate(this.#next);
    this.#release?.();
    this.#subscription.close();
    this.#own.close();
  }

  statistics(): EventLogBridgeStatistics {
    const { events, logRecords } = this.#counts;
    return {
      logRecords,
      logged: events.logged,
      heldBack: events.held_back,
      ownEvents: events.own,
      lost: events.lost,
      failed: events.failed,
      pending: this.#folds.pending,
    };
  }

  /** Goes on in the next turn of the loop, once, however many drains find a backlog. */
  #catchUp(): void {
    clearImmediate(this.#next);
    this.#next = setImmediate(this.drain).unref();
  }

  readonly #flush = guarded('event-bridge.flush', () => {
    const logger = this.#findLogger();
    if (logger === undefined) return;
    // No more than the rings hold: other threads may go on producing faster than this one reads.
    const { threads } = this.#config.stream.statistics();
    let left = threads.reduce((sum, { slots }) => sum + slots, 0);
    for (let read = BATCH; read === BATCH && left > 0; left -= read) read = this.#read();
    this.#write(logger, true);
  });

  /** Takes one batch into the folds; returns how many records it had. */
  #read(): number {
    this.#config.stream.flush();
    const records = this.#subscription.read(BATCH);
    const nowMs = this.#config.now();
    for (const record of records) {
      const evicted = this.#isWanted(record) ? this.#folds.add(record, nowMs) : undefined;
      if (evicted !== undefined) this.#closed.push(evicted);
    }
    if (records.length < BATCH) this.#own.forget();
    return records.length;
  }

  #isWanted(record: EventRecord): boolean {
    if (this.#excluded.has(record.name)) return false;
    if (!this.#own.has(record)) return true;
    this.#counts.count('own', 1);
    return false;
  }

  #write(logger: EventLogger, isFinal: boolean): void {
    const nowMs = this.#config.now();
    const folds = [...this.#closed, ...this.#folds.takeClosed(isFinal ? Number.POSITIVE_INFINITY : nowMs)];
    this.#closed = [];
    this.#own.during(() => {
      if (folds.length > 0) this.#writer.write(logger, folds, this.#config.stream.definitions(), nowMs);
      this.#losses.write(logger, nowMs, isFinal);
    });
  }

  /** The logger of the provider given or registered; undefined after shutdown, or while none takes anything. */
  #findLogger(): EventLogger | undefined {
    if (this.#isShutDown) return undefined;
    const provider = this.#config.loggerProvider ?? globalLoggerProvider();
    if (provider === undefined) return undefined;
    if (provider !== this.#provider || this.#logger === undefined) {
      this.#provider = provider;
      this.#logger = provider.getLogger(TELEMETRY.scope, TELEMETRY.version);
      this.#release?.();
      this.#release = flushFirst(provider, this.#flush);
    }
    // A provider may be registered before it can do anything, or have been shut down.
    const isReady = this.#logger.enabled?.({ severityNumber: HIGHEST }) ?? true;
    return isReady ? this.#logger : undefined;
  }
}
