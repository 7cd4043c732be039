import type { EventDefinition } from '@sonde/event-stream';
import { createRateLimit, guard, type RateLimit, unobserved } from '@sonde/instrumentation-kit';
import type { Fold } from './event-folds.ts';
import { toLogRecord } from './log-record.ts';
import type { OutcomeCounts } from './outcome-counts.ts';
import type { EventLogger } from './types.ts';

/** What the rate limit has held back since the last report. */
export interface HeldBack {
  readonly logRecords: number;
  readonly events: number;
  /** The event name that had most of them. */
  readonly mostFrequent: string;
}

/** Turns folds into log records under a rate limit; counts and remembers what it holds back. */
export class LogWriter {
  readonly #limit: RateLimit;
  readonly #counts: OutcomeCounts;
  readonly #heldBack = new Map<string, number>();
  #heldBackRecords = 0;

  constructor(config: { readonly logsPerSecond: number; readonly burst: number }, counts: OutcomeCounts) {
    this.#limit = createRateLimit({ perSecond: config.logsPerSecond, burst: config.burst });
    this.#counts = counts;
  }

  /** Writes as many as the limit lets through, the most severe first. */
  write(logger: EventLogger, folds: Fold[], definitions: readonly EventDefinition[], nowMs: number): void {
    folds.sort((a, b) => b.worst.severity - a.worst.severity || a.firstMs - b.firstMs);
    for (const fold of folds) {
      if (this.#limit.take(nowMs)) {
        const isWritten = this.emit(logger, fold, definitions[fold.worst.type]);
        this.#counts.count(isWritten ? 'logged' : 'failed', fold.count);
      } else this.#holdBack(fold);
    }
  }

  /** Writes one record, whatever the limit. False when the logger threw. */
  emit(logger: EventLogger, fold: Fold, definition: EventDefinition | undefined): boolean {
    const work = (): boolean => {
      // Nothing of Sonde observes what the log pipeline does meanwhile.
      unobserved(() => logger.emit(toLogRecord(fold, definition)));
      this.#counts.countLogRecord();
      return true;
    };
    return guard('event-bridge.emit', work, false);
  }

  /** What was held back since the last call; undefined when nothing was. */
  takeHeldBack(): HeldBack | undefined {
    if (this.#heldBackRecords === 0) return undefined;
    let mostFrequent = '';
    let most = 0;
    let events = 0;
    for (const [name, count] of this.#heldBack) {
      events += count;
      if (count > most) [mostFrequent, most] = [name, count];
    }
    const report = { logRecords: this.#heldBackRecords, events, mostFrequent };
    this.#heldBack.clear();
    this.#heldBackRecords = 0;
    return report;
  }

  #holdBack(fold: Fold): void {
    this.#heldBackRecords += 1;
    this.#heldBack.set(fold.worst.name, (this.#heldBack.get(fold.worst.name) ?? 0) + fold.count);
    this.#counts.count('held_back', fold.count);
  }
}
