import type { EventStream } from '@sonde/event-stream';
import { reportFailure } from '@sonde/instrumentation-kit';
import type { Incidents } from '../incidents/incidents.ts';
import { Subject } from '../incidents/subject.ts';
import { identityOf } from '../series/identity.ts';
import { RateWatch } from './rate-watch.ts';

/** Event types that are watched: more are counted by nobody. */
const MOST_TYPES = 500;
/** These tell of every span: their rate is that of the traffic; and these are our own. */
const LEFT_OUT: ReadonlySet<string> = new Set(['sonde.span', 'sonde.span.started', 'sonde.anomaly']);

export interface EventRatesConfig {
  readonly stream: EventStream;
  readonly threshold: number;
  readonly incidents: Incidents;
}

/**
 * Watches how often each type of event occurs: counted in the rings at each look, without decoding a record. Types that
 * nobody has emitted yet have a rate of 0 from the start on, so that the first burst stands out.
 */
export class EventRates {
  readonly #config: EventRatesConfig;
  readonly #subjects = new Map<string, Subject>();
  readonly #watches = new Map<string, RateWatch>();
  #sinceMs = Number.NaN;
  #looks = 0;

  constructor(config: EventRatesConfig) {
    this.#config = config;
  }

  subjects(): Iterable<Subject> {
    return this.#subjects.values();
  }

  /** Counts what came since the last look and judges it. */
  look(look: number, nowMs: number): void {
    try {
      if (!Number.isNaN(this.#sinceMs) && nowMs > this.#sinceMs) this.#count(look, nowMs, nowMs - this.#sinceMs);
    } catch (error) {
      reportFailure('anomaly-detection.events', error);
    }
    this.#sinceMs = nowMs;
  }

  #count(look: number, nowMs: number, elapsedMs: number): void {
    const { stream, incidents } = this.#config;
    this.#looks++;
    const groups = stream.query().where({ since: this.#sinceMs, until: nowMs }).groupBy('name').groups();
    const counts = new Map(groups.map(({ key, count }) => [key, count]));
    for (const { name, category, severity } of stream.definitions()) {
      if (LEFT_OUT.has(name)) continue;
      this.#add(name, category, severity);
    }
    for (const [name, watch] of this.#watches) {
      watch.update(nowMs, counts.get(name) ?? 0, elapsedMs);
      incidents.look(this.#subjects.get(name) as Subject, look, nowMs);
    }
  }

  #add(name: string, category: string, severity: number): void {
    if (this.#watches.has(name) || this.#watches.size >= MOST_TYPES) return;
    const watch = new RateWatch({ threshold: this.#config.threshold, severity, quietLooks: this.#looks });
    this.#watches.set(name, watch);
    const identity = identityOf('event', name, { 'sonde.event.category': category });
    this.#subjects.set(name, new Subject(identity, watch));
  }
}
