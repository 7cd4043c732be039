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

/** The endpoint that the variables name for a signal: its own, else the common one. */
function namedEndpoint(signal: Signal): { readonly name: string; readonly text: string } | undefined {
  for (const name of [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
    const text = textOf(name);
    if (text !== undefined) return { name, text: text.trim() };
  }
  return undefined;
}

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** Undefined for what the stock exporters would not understand: they would send to localhost instead. */
function parseEndpoint(text: string, isGrpc: boolean): URL | undefined {
  try {
    const url = new URL(isGrpc && !SCHEME.test(text) ? `http://${text}` : text);
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
    return (isHttp || isGrpc) && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The variable that names an endpoint for a signal which is none, and what it says; undefined if all is well. */
export function badEndpoint(signal: Signal): { readonly name: string; readonly text: string } | undefined {
  const named = namedEndpoint(signal);
  const isGrpc = otlpProtocol(signal) === 'grpc';
  if (named === undefined || (isGrpc && named.text.startsWith('unix:'))) return undefined;
  return parseEndpoint(named.text, isGrpc) === undefined ? named : undefined;
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
  // An endpoint that is none would be taken for localhost:4318.
  const isBad = badEndpoint(signal) !== undefined;
  if (named.includes('none')) return [];
  if (named.length > 0) return named.filter((name) => !(isBad && name === 'otlp'));
  return namedEndpoint(signal) !== undefined && !isBad ? ['otlp'] : undefined;
}

/** `grpc`, `http/json` or `http/protobuf`; the last also for anything else, which `variableProblems` tells. */
export function otlpProtocol(signal: Signal): 'grpc' | 'http/json' | 'http/protobuf' {
  const named = textOf(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ?? textOf('OTEL_EXPORTER_OTLP_PROTOCOL');
  const protocol = named?.trim();
  return protocol === 'grpc' || protocol === 'http/json' ? protocol : 'http/protobuf';
}

/** Host and port that a signal's OTLP exporter connects to, to ask whether anybody listens there. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Undefined when the endpoint cannot be told from the variables (a unix socket, nonsense). */
export function otlpEndpoint(signal: Signal): Endpoint | undefined {
  const isGrpc = otlpProtocol(signal) === 'grpc';
  const url = parseEndpoint(namedEndpoint(signal)?.text ?? `http://localhost:${isGrpc ? 4317 : 4318}`, isGrpc);
  if (url === undefined) return undefined;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
