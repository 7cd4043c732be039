/** What must come out, and how what is wrong is said. */
import type { OwnExport } from './observation.ts';
import { type SinkSpan, SpanKind } from './otlp-sink.ts';
import type { Outcome } from './program.ts';

/** What is expected, in words, and the text that proves it. */
export type Expectation = readonly [what: string, proof: RegExp];

/** The routes of applications/service.cjs and the one that it lacks. */
const REQUESTS = 5;

/** Names as OpenTelemetry writes them. */
export const PLUGINS: readonly Expectation[] = [
  ['durations of file operations', /^sonde\.vfs\.operation\.duration$/m],
  ['the utilization of the event loop', /^nodejs\.eventloop\.utilization$/m],
];
export const WITH_OWN_SDK = PLUGINS;

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
  ['durations of served requests', /^http_server_request_duration_count\{.*"200".*\} 4$/m],
  ['durations of sent requests', /^http_client_request_duration_count\{.*"200".*\} 4$/m],
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

/** The code, the signal and every byte of output are those of the run without Sonde. */
export function sameOutcome(bare: Outcome, seen: Outcome): string[] {
  const faults =
    bare.code === 3 && /^ready$/m.test(bare.stdout) ? [] : [`fails without Sonde: ${JSON.stringify(bare)}`];
  for (const part of ['code', 'signal', 'stdout', 'stderr'] as const) {
    if (seen[part] !== bare[part]) {
      faults.push(`${part} is ${quote(seen[part])} instead of ${quote(bare[part])}`);
    }
  }
  return faults;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 1200 ? `${text.slice(0, 1200)} ...` : text;
}

/** Each request has one client span, and one server span that is its child. */
export function spanFaults(spans: readonly SinkSpan[]): string[] {
  const servers = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  const clients = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  if (servers.length !== REQUESTS || clients.length !== REQUESTS) {
    return [`${REQUESTS} requests gave ${clients.length} client and ${servers.length} server spans`];
  }
  const parents = new Map(clients.map((span) => [span.spanId, span]));
  const strays = servers.filter((span) => parents.get(span.parentSpanId)?.traceId !== span.traceId);
  return strays.length === 0 ? [] : [`${strays.length} server spans are not children of their client span`];
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
