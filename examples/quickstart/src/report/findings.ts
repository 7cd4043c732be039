import type { Attributes } from '../telemetry/otlp.ts';
import type { ReceivedLog, ReceivedSpan, TelemetryStore } from '../telemetry/store.ts';

/** A filesystem operation that Sonde called slow. Times are milliseconds since the epoch. */
export interface SlowOperation {
  readonly kind: 'slow operation';
  readonly startMs: number;
  readonly durationMs: number;
  /** When the first report of it arrived here. */
  readonly receivedMs: number;
  readonly operation: string;
  readonly mount: string;
  readonly path: string;
  readonly error: string;
  readonly traceId: string;
  readonly route: string;
  /** The process that it happened in. */
  readonly pid: number;
  readonly service: string;
}

/** A turn of the event loop that Sonde called blocked. */
export interface Stall {
  readonly kind: 'stall';
  readonly startMs: number;
  readonly durationMs: number;
  readonly receivedMs: number;
  /** What was seen running: the first name is the culprit, its callers follow. */
  readonly functions: readonly string[];
  /** `file:line`, as short as it stays clear. */
  readonly place: string;
  readonly traceId: string;
  readonly route: string;
  readonly pid: number;
  readonly service: string;
}

export type Finding = SlowOperation | Stall;

export interface Findings {
  slowOperations(): SlowOperation[];
  stalls(): Stall[];
}

const SONDE = '@sonde/';
const SLOW_EVENT = 'sonde.vfs.slow_operation';
const SLOW_SPAN = 'vfs ';
const STALL_EVENT = 'sonde.scheduler.blocked_loop';
const STALL_SPAN = 'event loop blocked';
const ANONYMOUS = '<anonymous>';
const MOST_FINDINGS = 5_000;
// A log record that stands for several events has the time of the first and the numbers of the worst of five seconds.
export const FOLD_MS = 6_000;
const SAME_DURATION_MS = 2;

/**
 * Collects what Sonde reports, once each: an operation comes as a span (at once, if its trace is recorded) and as a log
 * record (some seconds later, where alike ones are folded into one).
 */
export function collectFindings(
  store: TelemetryStore,
  onFinding: (finding: Finding) => void = () => undefined,
): Findings {
  const found: { finding: Finding; spanId: string }[] = [];

  const add = (finding: Finding | undefined, spanId: string): void => {
    if (finding === undefined || found.length >= MOST_FINDINGS) return;
    const known = found.findIndex((other) => isSame(other.finding, finding));
    if (known < 0) {
      found.push({ finding, spanId });
      onFinding(finding);
    } else found[known] = { spanId: found[known]?.spanId || spanId, finding: merged(found[known]?.finding, finding) };
  };
  store.onSpan((span) => add(fromSpan(span), span.parentSpanId));
  store.onLog((log) => add(fromLog(log), log.spanId));

  // A server span ends, and arrives, after what happened below it: its route is looked up when somebody asks.
  const withRoutes = (): Finding[] =>
    found.map(({ finding, spanId }) => ({ ...finding, route: finding.route || (store.routeOf(spanId) ?? '') }));
  return {
    slowOperations: () => withRoutes().filter((finding) => finding.kind === 'slow operation'),
    stalls: () => withRoutes().filter((finding) => finding.kind === 'stall'),
  };
}

function fromSpan(span: ReceivedSpan): Finding | undefined {
  const times = { startMs: span.startMs, durationMs: span.durationMs, receivedMs: span.receivedMs };
  if (!span.scope.startsWith(SONDE)) return undefined;
  if (span.name.startsWith(SLOW_SPAN)) return slowOperation(span, times);
  return span.name === STALL_SPAN ? stall(span, times) : undefined;
}

function fromLog(log: ReceivedLog): Finding | undefined {
  const isStall = log.eventName === STALL_EVENT;
  if (!isStall && log.eventName !== SLOW_EVENT) return undefined;
  const seconds = log.attributes.get(isStall ? 'sonde.scheduler.turn.duration' : 'sonde.vfs.duration');
  const durationMs = Number(seconds ?? 0) * 1_000;
  const times = { startMs: log.timeMs - durationMs, durationMs, receivedMs: log.receivedMs };
  return isStall ? stall(log, times) : slowOperation(log, times);
}

/** What to call the function that was seen: one without a name goes by the nearest caller that has one. */
export function culpritOf({ functions }: Stall): string | undefined {
  const [seen, ...callers] = functions;
  const named = callers.find((name) => name !== ANONYMOUS);
  return seen === ANONYMOUS && named !== undefined ? `a function in ${named}` : seen;
}

type Source = Pick<ReceivedSpan | ReceivedLog, 'attributes' | 'traceId' | 'origin'>;
type Times = Pick<Finding, 'startMs' | 'durationMs' | 'receivedMs'>;

function slowOperation({ attributes, traceId, origin }: Source, times: Times): SlowOperation {
  return {
    kind: 'slow operation',
    ...times,
    operation: text(attributes, 'sonde.vfs.operation'),
    mount: text(attributes, 'system.filesystem.mountpoint'),
    path: text(attributes, 'file.path'),
    error: text(attributes, 'error.type'),
    traceId,
    route: text(attributes, 'http.route'),
    pid: origin.pid,
    service: origin.service,
  };
}

function stall({ attributes, traceId, origin }: Source, times: Times): Stall {
  const frames = framesOf(text(attributes, 'code.stacktrace'));
  const culprit = text(attributes, 'code.function.name');
  const line = text(attributes, 'code.line.number');
  const file = text(attributes, 'code.file.path') || (frames.find(({ name }) => name === culprit)?.file ?? '');
  return {
    kind: 'stall',
    ...times,
    functions: [...new Set([culprit, ...frames.map(({ name }) => name)])].filter((name) => name !== ''),
    place: file === '' ? '' : `${shortFile(file)}:${line}`,
    traceId,
    route: text(attributes, 'http.route'),
    pid: origin.pid,
    service: origin.service,
  };
}

/** `at name (file:line:column)` or `at file:line:column`, one a line. */
function framesOf(stack: string): { name: string; file: string }[] {
  return stack.split('\n').flatMap((line) => {
    const [, name = '', file = ''] = /^\s*at (?:async )?(?:(.*?) \()?(.*?):\d+:\d+\)?$/.exec(line) ?? [];
    return name === '' && file === '' ? [] : [{ name, file }];
  });
}

/** The last two parts of a path or file URL: enough to find it, short enough to read. */
function shortFile(file: string): string {
  return file.split('/').slice(-2).join('/');
}

function isSame(left: Finding, right: Finding): boolean {
  if (left.pid !== right.pid) return false;
  if (Math.abs(left.startMs - right.startMs) > FOLD_MS) return false;
  if (Math.abs(left.durationMs - right.durationMs) > SAME_DURATION_MS) return false;
  // Outside of any trace the span starts one of its own, which the log record does not know.
  if (left.traceId !== right.traceId && left.traceId !== '' && right.traceId !== '') return false;
  if (left.kind === 'stall') return right.kind === 'stall';
  return right.kind === left.kind && left.operation === right.operation && left.path === right.path;
}

/** The facts of both; the earlier arrival counts. */
function merged(first: Finding | undefined, second: Finding): Finding {
  if (first?.kind === 'stall' && second.kind === 'stall') {
    const { functions, place, traceId, route } = first;
    return {
      ...first,
      functions: functions.length >= second.functions.length ? functions : second.functions,
      place: place || second.place,
      traceId: traceId || second.traceId,
      route: route || second.route,
    };
  }
  return first ?? second;
}

function text(attributes: Attributes, key: string): string {
  const value = attributes.get(key);
  return value === undefined ? '' : String(value);
}
