import { diag } from '@opentelemetry/api';
import { mayUseNetwork } from '../permissions.ts';

/** The three signals, as OTEL_* variables spell them. */
export type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** `exactOptionalPropertyTypes`: an option that is not set has to be absent, not undefined. */
export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** A variable's text, or undefined when it is absent or blank. As `getStringFromEnv` of @opentelemetry/core, unloaded. */
export function textOf(name: string): string | undefined {
  const text = process.env[name];
  return text === undefined || text.trim() === '' ? undefined : text;
}

function listOf(name: string): string[] {
  const parts = textOf(name)?.split(',') ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function hasEndpoint(signal: Signal): boolean {
  return (
    textOf('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined || textOf(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) !== undefined
  );
}

/**
 * The exporters of a signal: those that `OTEL_<SIGNAL>_EXPORTER` names, else `otlp` where an OTLP endpoint is named,
 * else undefined. Unlike NodeSDK nothing is sent to localhost:4318 unasked; where `--permission` allows no network,
 * only the console is left.
 */
export function exporterNames(signal: Signal): readonly string[] | undefined {
  const names = wantedExporters(signal);
  return mayUseNetwork() ? names : names?.filter((name) => name === 'console');
}

function wantedExporters(signal: Signal): readonly string[] | undefined {
  const named = [...new Set(listOf(`OTEL_${signal}_EXPORTER`))];
  if (named.length > 0) return named.includes('none') ? [] : named;
  return hasEndpoint(signal) ? ['otlp'] : undefined;
}

/** `grpc`, `http/json` or `http/protobuf`. */
export function otlpProtocol(signal: Signal): 'grpc' | 'http/json' | 'http/protobuf' {
  const named = textOf(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ?? textOf('OTEL_EXPORTER_OTLP_PROTOCOL');
  const protocol = named?.trim();
  if (protocol === undefined || protocol === '') return 'http/protobuf';
  if (protocol === 'grpc' || protocol === 'http/json' || protocol === 'http/protobuf') return protocol;
  diag.warn(`OTLP protocol must be grpc, http/json or http/protobuf, got "${protocol}"; http/protobuf is used`);
  return 'http/protobuf';
}

/** Host and port that a signal's OTLP exporter connects to, to ask whether anybody listens there. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** Undefined when the endpoint cannot be told from the variables (a unix socket, nonsense). */
export function otlpEndpoint(signal: Signal): Endpoint | undefined {
  const isGrpc = otlpProtocol(signal) === 'grpc';
  const text =
    textOf(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ??
    textOf('OTEL_EXPORTER_OTLP_ENDPOINT') ??
    `http://localhost:${isGrpc ? 4317 : 4318}`;
  if (text.startsWith('unix:')) return undefined;
  try {
    const url = new URL(SCHEME.test(text) ? text : `http://${text}`);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
  } catch {
    return undefined;
  }
}
