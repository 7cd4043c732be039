import type { HrTime } from '@opentelemetry/api';
import type { EventRecord } from '@sonde/event-stream';
import { formatTimestamp } from '@sonde/event-stream';
import { printable } from '@sonde/instrumentation-kit';
import { momentOf, nanosSince } from '../critical-path/read-span.ts';
import type { TraceNode } from '../critical-path/trace-tree.ts';
import type { LooseAttributes } from '../critical-path/types.ts';
import { argsOf } from './args.ts';
import type { Slice } from './lanes.ts';
import type { ChromeTraceArgs } from './types.ts';

/** Something that happened at one moment in a thread. */
export interface Instant {
  readonly name: string;
  readonly category: string;
  /** Epoch microseconds. */
  readonly timeUs: number;
  readonly pid: number | undefined;
  readonly thread: string;
  readonly args: ChromeTraceArgs;
}

/** Of the year 5138: beyond, it is no time. */
const MAX_TIME_MS = 1e14;

/** Undefined for a record without a time. */
export function instantOfRecord(record: EventRecord): Instant | undefined {
  return guarded(() => readRecord(record));
}

function readRecord(record: EventRecord): Instant | undefined {
  const { time, name, category, severity, value, detail, labels, text, traceId, spanId, hlc } = record;
  if (!(Math.abs(time) <= MAX_TIME_MS)) return undefined;
  return {
    name: printable(String(name)),
    category: printable(String(category)),
    timeUs: Math.floor(time * 1000),
    pid: record.pid,
    thread: String(record.threadId),
    args: argsOf({
      severity,
      ...(Number.isFinite(value) ? { value } : {}),
      ...(Number.isFinite(detail) ? { detail } : {}),
      ...labels,
      ...(text === '' ? {} : { text }),
      ...(traceId === '' ? {} : { trace_id: traceId, span_id: spanId }),
      hlc:
        typeof hlc === 'bigint'
          ? formatTimestamp({ high: Number(hlc >> 32n) | 0, low: Number(hlc & 0xffffffffn) | 0 })
          : '',
    }),
  };
}

/** The events of a span. What is none is left out. */
export function instantsOfSlice({ node }: Slice): Instant[] {
  const instants: Instant[] = [];
  for (const event of node.facts.events) {
    const instant = guarded(() => instantOfEvent(event as SpanEvent, node));
    if (instant !== undefined) instants.push(instant);
  }
  return instants;
}

interface SpanEvent {
  readonly name?: unknown;
  readonly time?: HrTime | number;
  readonly attributes?: LooseAttributes;
}

function instantOfEvent({ name, time, attributes }: SpanEvent, { facts, thread }: TraceNode): Instant | undefined {
  const moment = momentOf(time);
  if (moment === undefined) return undefined;
  return {
    name: printable(String(name)),
    category: 'span event',
    timeUs: Math.floor(nanosSince(0, moment) / 1000),
    pid: undefined,
    thread,
    args: argsOf({ span_id: facts.spanId }, attributes ?? {}),
  };
}

function guarded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
