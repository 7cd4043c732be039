import { reportFailure } from '@sonde/instrumentation-kit';
import type { Incidents } from '../incidents/incidents.ts';
import { Subject } from '../incidents/subject.ts';
import { identityOf } from '../series/identity.ts';
import { ShareWatch } from '../series/share-watch.ts';
import type { Operation } from './operation.ts';
import type { Operations } from './operations.ts';

/** Rises of the share of failed spans, and of those flagged as slow (1 in 10,000 is), that matter. */
const LEAST_FAILED = 0.05;
const LEAST_FLAGGED = 0.03;
/** How long they have to last. */
const LASTING_MS = 3_000;
const KIND_NAMES = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

interface Watched {
  readonly failed: Subject;
  readonly failedWatch: ShareWatch;
  readonly flagged: Subject;
  readonly flaggedWatch: ShareWatch;
}

/** Judges at each look which part of each operation's spans failed or was flagged. Single spans are no alarm. */
export class SpanRates {
  readonly #operations: Operations;
  readonly #incidents: Incidents;
  readonly #intervalMs: number;
  readonly #watched = new Map<Operation, Watched>();
  readonly #counts = new Float64Array(2);

  constructor(operations: Operations, incidents: Incidents, intervalMs: number) {
    this.#operations = operations;
    this.#incidents = incidents;
    this.#intervalMs = intervalMs;
  }

  *subjects(): Generator<Subject> {
    for (const { failed, flagged } of this.#watched.values()) {
      yield failed;
      yield flagged;
    }
  }

  /** An operation that is watched no more. */
  forget(operation: Operation): void {
    const watched = this.#watched.get(operation);
    if (watched === undefined) return;
    this.#incidents.forget(watched.failed);
    this.#incidents.forget(watched.flagged);
    this.#watched.delete(operation);
  }

  /** Judges what came since the last look. */
  look(look: number, nowMs: number, isStarved = false): void {
    this.#operations.begin(look);
    for (const operation of this.#operations.values()) {
      try {
        // What was slow while the machine had no time says nothing of the operation.
        if (isStarved) operation.flagged = 0;
        this.#judge(operation, look, nowMs);
      } catch (error) {
        reportFailure('anomaly-detection.operation', error);
      }
      operation.clear();
    }
  }

  #judge(operation: Operation, look: number, nowMs: number): void {
    let watched = this.#watched.get(operation);
    if (watched === undefined) {
      watched = this.#watch(operation);
      this.#watched.set(operation, watched);
    }
    const { spans, errors, flagged } = operation;
    this.#update(watched.failedWatch, spans, errors, nowMs);
    this.#update(watched.flaggedWatch, spans, flagged, nowMs);
    this.#incidents.look(watched.failed, look, nowMs);
    this.#incidents.look(watched.flagged, look, nowMs);
    operation.isFailing = watched.failed.open !== undefined;
  }

  #update(watch: ShareWatch, count: number, hits: number, nowMs: number): void {
    this.#counts[0] = count - hits;
    this.#counts[1] = hits;
    watch.update(nowMs, this.#counts, 1);
  }

  #watch({ name, kind }: Operation): Watched {
    const identity = identityOf('span', name, { 'span.kind': KIND_NAMES[kind] ?? 'internal' });
    const intervalMs = this.#intervalMs;
    const common = { lastingMs: LASTING_MS, intervalMs };
    const failedWatch = new ShareWatch(2, { signal: 'error_share', leastShare: LEAST_FAILED, ...common });
    const flaggedWatch = new ShareWatch(2, { signal: 'flagged_share', leastShare: LEAST_FLAGGED, ...common });
    const failed = new Subject(identity, failedWatch);
    const flagged = new Subject(identity, flaggedWatch);
    return { failed, failedWatch, flagged, flaggedWatch };
  }
}
