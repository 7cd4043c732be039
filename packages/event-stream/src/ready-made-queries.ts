import type { Category, EventRecord } from './event-types.ts';
import { Severity } from './event-types.ts';
import type { Group, Query, TimeBucket } from './query-types.ts';
import type { EventStream } from './types.ts';

/** What part of the past a ready-made query looks at, and how much it returns. */
export interface ReportOptions {
  /** Epoch milliseconds, inclusive. Default: all that the rings hold. */
  readonly since?: number;
  /** Records or rows returned at most. Default 10. */
  readonly limit?: number;
}

/** How long one kind of operation takes. Times are in seconds. */
export interface OperationPerformance {
  /** Name of the event. */
  readonly name: string;
  /** Value of the event's first label; empty when it has none. */
  readonly operation: string;
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** How often something happened, of what kinds, and the last of it. */
export interface Incidents {
  readonly count: number;
  /** By event name, most frequent first. */
  readonly kinds: readonly Group[];
  /** Counts a minute. */
  readonly timeline: readonly TimeBucket[];
  /** Newest last. */
  readonly latest: readonly EventRecord[];
}

const DEFAULT_LIMIT = 10;
const MINUTE_MS = 60_000;

/** The longest operations: the events with the largest values, of all whose value is a duration in seconds. */
export function slowOperations(stream: EventStream, options: ReportOptions = {}): EventRecord[] {
  const names = durationEvents(stream).map(({ name }) => name);
  return past(stream, options)
    .where({ name: names })
    .topN(options.limit ?? DEFAULT_LIMIT);
}

/** Durations of a category's operations, by event and first label, the most frequent first. */
export function operationPerformance(
  stream: EventStream,
  category: Category,
  options: ReportOptions = {},
): OperationPerformance[] {
  const rows = durationEvents(stream)
    .filter((definition) => definition.category === category)
    .flatMap(({ name, labels }) => {
      const grouped = past(stream, options)
        .where({ name })
        .groupBy(labels?.[0]?.key ?? 'name');
      const quantiles = grouped.percentiles([0.5, 0.95, 0.99]);
      return grouped.groups().map(({ key, count, mean, max }) => {
        const [p50 = Number.NaN, p95 = Number.NaN, p99 = Number.NaN] = quantiles.get(key) ?? [];
        return { name, operation: labels?.[0] ? key : '', count, mean, p50, p95, p99, max };
      });
    });
  return rows.sort((a, b) => b.count - a.count).slice(0, options.limit ?? DEFAULT_LIMIT);
}

export function syscallPerformance(stream: EventStream, options: ReportOptions = {}): OperationPerformance[] {
  return operationPerformance(stream, 'syscall', options);
}

export function filesystemPerformance(stream: EventStream, options: ReportOptions = {}): OperationPerformance[] {
  return operationPerformance(stream, 'vfs', options);
}

/** Memory events of severity WARN and above. */
export function memoryPressure(stream: EventStream, options: ReportOptions = {}): Incidents {
  return incidents(past(stream, options).where({ category: 'memory', severity: Severity.WARN }), options);
}

/** Everything security events tell, denials first of all. */
export function securityEvents(stream: EventStream, options: ReportOptions = {}): Incidents {
  return incidents(past(stream, options).where({ category: 'security' }), options);
}

/** What went wrong: events of severity ERROR and above. */
export function errorEvents(stream: EventStream, options: ReportOptions = {}): Incidents {
  return incidents(past(stream, options).where({ severity: Severity.ERROR }), options);
}

/** All events of one trace, in every thread, in the order of the hybrid clock. */
export function traceEvents(stream: EventStream, traceId: string, options: ReportOptions = {}): EventRecord[] {
  return past(stream, options).where({ traceId }).records(options.limit);
}

function past(stream: EventStream, { since }: ReportOptions): Query {
  return stream.query().where(since === undefined ? {} : { since });
}

function durationEvents(stream: EventStream): ReturnType<EventStream['definitions']> {
  return stream.definitions().filter((definition) => definition.value?.unit === 's');
}

function incidents(query: Query, { limit = DEFAULT_LIMIT }: ReportOptions): Incidents {
  return {
    count: query.count(),
    kinds: query.groupBy('name').groups(),
    timeline: query.timeBuckets(MINUTE_MS),
    latest: query.records(limit),
  };
}
