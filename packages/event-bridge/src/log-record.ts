import { type Attributes, type Context, type HrTime, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import type { EventDefinition, EventRecord } from '@sonde/event-stream';
import type { Fold } from './event-folds.ts';
import { TELEMETRY } from './semantic-names.ts';
import { severityText } from './severity-text.ts';
import type { EventLogRecord } from './types.ts';

const { count: COUNT, lastTime: LAST_TIME, category: CATEGORY, threadId: THREAD_ID, hlc: HLC } = TELEMETRY.attributes;

/** The last millisecond that a Date, and 64 bits of nanoseconds, can hold is beyond this: the year 2200. */
const MAX_EPOCH_MS = 7_258_118_400_000;

/** An emitter may pass any number for the time. One that is no time would make exporters throw away a whole batch. */
function plausible(epochMs: number, otherwiseMs: number): number {
  return epochMs >= 0 && epochMs <= MAX_EPOCH_MS ? epochMs : otherwiseMs;
}

/** An HrTime, since a number below half of `timeOrigin` would be taken for a `performance.now()` reading. */
function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.min(999_999_999, Math.round((epochMs - seconds * 1000) * 1e6))];
}

function traceContextOf(record: EventRecord): Context {
  const { traceId, spanId } = record;
  if (traceId === '' || spanId === '') return ROOT_CONTEXT;
  // The stream keeps no trace flags. SAMPLED, or a logger configured as trace-based would drop every one of these.
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: false });
}

/** Labels, value, detail and text under the keys of their definition. */
function fieldsOf(record: EventRecord, definition: EventDefinition | undefined): Attributes {
  const fields: Attributes = { ...record.labels };
  const { value, detail, text } = definition ?? {};
  if (value !== undefined && !Number.isNaN(record.value)) fields[value.key] = record.value;
  if (detail !== undefined && !Number.isNaN(record.detail)) fields[detail.key] = record.detail;
  if (text !== undefined && record.text !== '') fields[text.key] = record.text;
  return fields;
}

/** A stack begins with what is at its top. */
function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end === -1 ? text : `${text.slice(0, end)} ...`;
}

/** One readable line: what happened, its fields, how often. */
function bodyOf(fold: Fold, definition: EventDefinition | undefined, fields: Attributes): string {
  const sentence = (definition?.description ?? fold.worst.name).replace(/\.$/, '');
  const facts = Object.entries(fields).map(([key, value]) => `${key}=${firstLine(String(value))}`);
  const often = fold.count > 1 ? [`${fold.count} times`] : [];
  const all = [...facts, ...often].join(', ');
  return all === '' ? sentence : `${sentence}: ${all}`;
}

/** The log record that tells a fold: microseconds, cold. */
export function toLogRecord(fold: Fold, definition: EventDefinition | undefined): EventLogRecord {
  const { worst, count } = fold;
  const fields = fieldsOf(worst, definition);
  const attributes: Attributes = {
    ...fields,
    [CATEGORY.name]: worst.category,
    [THREAD_ID.name]: worst.threadId,
    [HLC.name]: worst.hlc.toString(16).padStart(16, '0'),
  };
  if (count > 1) {
    attributes[COUNT.name] = count;
    attributes[LAST_TIME.name] = new Date(plausible(fold.lastMs, fold.openedMs)).toISOString();
  }
  return {
    eventName: worst.name,
    timestamp: toHrTime(plausible(fold.firstMs, fold.openedMs)),
    severityNumber: worst.severity,
    severityText: severityText(worst.severity),
    body: bodyOf(fold, definition, fields),
    attributes,
    context: traceContextOf(worst),
  };
}
