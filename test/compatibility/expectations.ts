/** What must come out, and how what is wrong is said. */

import { attributes, hex, type LogRecord, type Received, type Span } from '../end-to-end/otlp-sink.ts';
import type { OwnExport } from './observation.ts';
import type { Outcome } from './program.ts';

/** What is expected, in words, and the text that proves it. */
export type Expectation = readonly [what: string, proof: RegExp];

/** The requests of applications/service.cjs that are answered with 200, and the one for a route that it lacks. */
const ANSWERED = 7;
const REQUESTS = ANSWERED + 1;

/** Names as OpenTelemetry writes them. */
export const PLUGINS: readonly Expectation[] = [
  ['durations of file operations', /^sonde\.vfs\.operation\.duration$/m],
  ['the utilization of the event loop', /^nodejs\.eventloop\.utilization$/m],
];
export const WITH_OWN_SDK = PLUGINS;

export const OWN_LOGS: readonly Expectation[] = [
  ['its own log record', /^order placed$/m],
  ['the report of the blocked loop', /^sonde\.scheduler\.blocked_loop$/m],
];

/** Names as Prometheus does. What nobody but the application does is expected to the very number. */
const FILES_AND_LOOP: readonly Expectation[] = [
  ['readFile of fs/promises', vfs('operation_duration_count', 'promise', 'readFile', '\\d+')],
  ['readFileSync', vfs('operation_duration_count', 'sync', 'readFile', '\\d+')],
  ['one read of a FileHandle', vfs('operation_duration_count', 'promise', 'read', '1')],
  ['the 64 bytes that the FileHandle read', vfs('io_total', 'promise', 'read', '64')],
  ['the 1081 bytes of the stream', vfs('io_total', 'callback', 'read', '1081')],
  ['the utilization of the event loop', /^nodejs_eventloop_utilization/m],
];
const REQUESTS_AND_WORKER: readonly Expectation[] = [
  ['durations of served requests', new RegExp(`^http_server_request_duration_count\\{.*"200".*\\} ${ANSWERED}$`, 'm')],
  ['durations of sent requests', new RegExp(`^http_client_request_duration_count\\{.*"200".*\\} ${ANSWERED}$`, 'm')],
  ['one readdir of the worker thread', vfs('operation_duration_count', 'promise', 'readdir', '1')],
];
export const SERVED: readonly Expectation[] = [...FILES_AND_LOOP, ...REQUESTS_AND_WORKER];
/** Instrumentations that start with the application's NodeSDK are in its thread only. */
export const CONFIGURED = FILES_AND_LOOP;

function vfs(metric: string, api: string, operation: string, value: string): RegExp {
  return new RegExp(
    `^sonde_vfs_${metric}\\{.*sonde_vfs_api="${api}",sonde_vfs_operation="${operation}",.*\\} ${value}$`,
    'm',
  );
}

export function missingFrom(text: string, expectations: readonly Expectation[], where: string): string[] {
  return expectations.filter(([, proof]) => !proof.test(text)).map(([what]) => `${where} lacks ${what}`);
}

/** Whether applications/service.cjs got where it should, without Sonde. */
export function failureOf(bare: Outcome): string[] {
  return bare.code === 3 && /^ready$/m.test(bare.stdout) ? [] : [`fails without Sonde: ${quote(bare)}`];
}

/** The code, the signal and every byte of output are those of the run without Sonde. */
export function differences(bare: Outcome, seen: Outcome): string[] {
  const parts = ['code', 'signal', 'stdout', 'stderr'] as const;
  return parts
    .filter((part) => seen[part] !== bare[part])
    .map((part) => `${part} is ${quote(seen[part])} instead of ${quote(bare[part])}`);
}

function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 1200 ? `${text.slice(0, 1200)} ...` : text;
}

/** OTLP's numbers for the kinds of a span. */
const SERVER = 2;
const CLIENT = 3;

/** Each request has one client span, and one server span that is its child. */
export function spanFaults(received: readonly Received<Span>[]): string[] {
  const spans = received.map(({ item }) => item);
  const servers = spans.filter(({ kind }) => kind === SERVER);
  const clients = spans.filter(({ kind }) => kind === CLIENT);
  if (servers.length !== REQUESTS || clients.length !== REQUESTS) {
    return [`${REQUESTS} requests gave ${clients.length} client and ${servers.length} server spans`];
  }
  const traces = new Map(clients.map(({ spanId, traceId }) => [hex(spanId), hex(traceId)]));
  const strays = servers.filter(({ parentSpanId, traceId }) => traces.get(hex(parentSpanId)) !== hex(traceId));
  return strays.length === 0 ? [] : [`${strays.length} server spans are not children of their client span`];
}

/** The loop that `app block` blocks is reported as a log record, in its trace, by the function that blocks it. */
export function blockedLoopFaults(logs: readonly Received<LogRecord>[]): string[] {
  const reports = logs.map(({ item }) => item).filter(({ eventName }) => eventName === 'sonde.scheduler.blocked_loop');
  if (reports.length === 0) return ['no log record tells of the blocked loop'];
  const known = reports.filter((report) => attributes(report.attributes)['code.function.name'] === 'blockTheLoop');
  if (known.length === 0)
    return [`the blocked loop is blamed on ${JSON.stringify(reports.map((report) => attributes(report.attributes)))}`];
  return known.some(({ traceId }) => hex(traceId) !== '') ? [] : ['the report of the blocked loop is in no trace'];
}

/** What the application's own NodeSDK exported before, it exports now, as often as before. */
export function keptAsBefore(bare: OwnExport, seen: OwnExport): string[] {
  const faults = bare.spans.length > 0 && bare.metrics.length > 0 ? [] : ['exports nothing without Sonde'];
  for (const [key, total] of tally(bare)) {
    const now = tally(seen).get(key) ?? 0;
    if (now !== total) faults.push(`its own NodeSDK exports ${key} ${now} times instead of ${total}`);
  }
  return faults;
}

function tally({ spans, logs, metrics }: OwnExport): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string, count: number): unknown => counts.set(key, (counts.get(key) ?? 0) + count);
  for (const { scope, name, kind, attributes } of spans) add(`span ${scope} ${name} kind ${kind} [${attributes}]`, 1);
  for (const body of logs) add(`log ${body}`, 1);
  for (const { scope, name, unit, total } of metrics) add(`metric ${scope} ${name} ${unit}`, total);
  return counts;
}
