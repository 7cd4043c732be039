import { threadId } from 'node:worker_threads';
import type { EventDefinition, EventRecord, Subscription } from '@sonde/event-stream';
import type { Fold } from './event-folds.ts';
import type { LogWriter } from './log-writer.ts';
import type { OutcomeCounts } from './outcome-counts.ts';
import { TELEMETRY } from './semantic-names.ts';
import type { EventLogger } from './types.ts';

/** Reports pass the rate limit, so they have their own: one of a kind in this many ms. */
const REPORT_MS = 10_000;

const { heldBack: HELD_BACK, lost: LOST } = TELEMETRY.events;

function reportOf(definition: EventDefinition, nowMs: number, fields: Partial<EventRecord>): Fold {
  const { name, severity, category } = definition;
  const nothing = { hlc: 0n, type: -1, value: Number.NaN, detail: Number.NaN, labels: {}, text: '' };
  const nowhere = { traceId: '', spanId: '', sequence: -1, threadId, pid: process.pid };
  const worst: EventRecord = { time: nowMs, name, severity, category, ...nothing, ...nowhere, ...fields };
  return { worst, count: 1, firstMs: nowMs, lastMs: nowMs, openedMs: nowMs };
}

/** Says in the logs what did not get into the logs. */
export class LossReport {
  readonly #writer: LogWriter;
  readonly #counts: OutcomeCounts;
  readonly #subscription: Subscription;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #reportedLost = 0;

  constructor(writer: LogWriter, counts: OutcomeCounts, subscription: Subscription) {
    this.#writer = writer;
    this.#counts = counts;
    this.#subscription = subscription;
  }

  /** Counts what was overwritten; writes a report if there is something to say and one is due. */
  write(logger: EventLogger, nowMs: number, isFinal: boolean): void {
    const { lost } = this.#counts.events;
    this.#counts.count('lost', this.#subscription.dropped - lost);
    if (!isFinal && nowMs - this.#reportedMs < REPORT_MS) return;
    const isHeldBackSaid = this.#sayHeldBack(logger, nowMs);
    const isLostSaid = this.#sayLost(logger, nowMs);
    if (isHeldBackSaid || isLostSaid) this.#reportedMs = nowMs;
  }

  #sayHeldBack(logger: EventLogger, nowMs: number): boolean {
    const heldBack = this.#writer.takeHeldBack();
    if (heldBack === undefined) return false;
    const labels = { [TELEMETRY.attributes.mostFrequent.name]: heldBack.mostFrequent };
    const fields = { value: heldBack.logRecords, detail: heldBack.events, labels };
    return this.#writer.emit(logger, reportOf(HELD_BACK, nowMs, fields), HELD_BACK);
  }

  #sayLost(logger: EventLogger, nowMs: number): boolean {
    const lost = this.#counts.events.lost - this.#reportedLost;
    if (lost <= 0) return false;
    this.#reportedLost += lost;
    return this.#writer.emit(logger, reportOf(LOST, nowMs, { value: lost }), LOST);
  }
}
