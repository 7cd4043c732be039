/** The subsystem an event tells about. The order is the wire order: a category is stored as its index. */
export const CATEGORIES = [
  'process',
  'syscall',
  'scheduler',
  'memory',
  'ipc',
  'vfs',
  'network',
  'security',
  'supervisor',
  'wasm',
  'resource',
] as const;

export type Category = (typeof CATEGORIES)[number];

/** OpenTelemetry severity numbers (logs data model, "Field: SeverityNumber"): the first of each range. */
export const Severity = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;

/** What one field of an event means. */
export interface FieldDefinition {
  /** Attribute name, e.g. `file.operation`. */
  readonly key: string;
  /** UCUM unit of a number, e.g. `s`, `By`, `1`. */
  readonly unit?: string;
  readonly description: string;
}

/** An event type: the one source of its stored shape, its attribute names and its documentation. */
export interface EventDefinition {
  /** Unique in a stream, e.g. `sonde.vfs.slow_operation`. */
  readonly name: string;
  readonly category: Category;
  /** OpenTelemetry severity number, 1..24. */
  readonly severity: number;
  readonly description: string;
  readonly value?: FieldDefinition;
  readonly detail?: FieldDefinition;
  /** At most two interned strings. */
  readonly labels?: readonly FieldDefinition[];
  /** Text that differs from event to event, kept in the byte ring. */
  readonly text?: FieldDefinition;
}

/** The numbers and the text of one `emitText`. */
export interface TextEvent {
  readonly text: string;
  readonly timeMs?: number;
  readonly value?: number;
  readonly detail?: number;
  readonly context?: number;
}

/** Emits one event type. Take it once, keep it; never throws. */
export interface EventHandle {
  readonly definition: EventDefinition;
  /** False when the level of its category is above its severity: ask before preparing costly values. */
  readonly enabled: boolean;
  /**
   * Writes one record: no allocation, a few nanoseconds.
   * @param timeMs `performance.now()` of this thread; without it (undefined, NaN) the clock is read
   * @param value NaN when left out, and then ignored by sums, means and percentiles
   * @param context what `EventStream.context` returned, 0 for none
   */
  emit(timeMs?: number, value?: number, detail?: number, context?: number): void;
  /**
   * A handle with label values (and, if given, another severity) bound; cache it, binding costs a map look-up or two.
   * @throws TypeError for a label that the definition does not name
   */
  bind(labels: { readonly [key: string]: string }, severity?: number): EventHandle;
  /** As `emit`, with dynamic text of up to 8,192 bytes UTF-8 (cut beyond). Hundreds of nanoseconds: a cold path. */
  emitText(event: TextEvent): void;
}

/** One event as readers see it. */
export interface EventRecord {
  /** Epoch milliseconds, with fractions. */
  readonly time: number;
  /** Hybrid logical clock: 48 bits of milliseconds, 16 bits of logical counter. Ascends strictly within a thread. */
  readonly hlc: bigint;
  readonly name: string;
  /** The number of the event type in the stream that reads; stable for that stream's life. */
  readonly type: number;
  readonly severity: number;
  readonly category: Category;
  /** NaN when the event carries none. */
  readonly value: number;
  /** NaN when the event carries none. */
  readonly detail: number;
  readonly labels: { readonly [key: string]: string };
  /** Empty when the event has none, or when its bytes were overwritten before it was read. */
  readonly text: string;
  /** 32 hex digits; empty without a trace, or when the context was overwritten before the event was read. */
  readonly traceId: string;
  /** 16 hex digits, or empty as `traceId`. */
  readonly spanId: string;
  /** Position in its thread's ring, from 0. */
  readonly sequence: number;
  readonly threadId: number;
  readonly pid: number;
}

/** Which events; every given field must hold, lists mean "one of". */
export interface EventFilter {
  /** The lowest severity that passes. */
  readonly severity?: number;
  readonly category?: Category | readonly Category[];
  /** Event names. */
  readonly name?: string | readonly string[];
  /** Event type numbers of the reading stream (`EventRecord.type`). */
  readonly type?: number | readonly number[];
  readonly threadId?: number | readonly number[];
  readonly pid?: number | readonly number[];
}
