import { oneLine } from '../configuration/problems.ts';
import { badEndpoint, type Signal, textOf } from './environment.ts';

const SIGNALS: readonly Signal[] = ['TRACES', 'METRICS', 'LOGS'];
const MAX_PORT = 65_535;
const PROTOCOLS = ['grpc', 'http/json', 'http/protobuf'];
const RATIO_SAMPLERS = ['traceidratio', 'parentbased_traceidratio'];

/** Read without regard to case. */
const ANY_CASE = /_(?:PREFERENCE|DISABLED)$/;

/** The standard variables whose values are words, and the words that mean something here. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  OTEL_SDK_DISABLED: ['true', 'false'],
  OTEL_TRACES_EXPORTER: ['otlp', 'console', 'zipkin', 'none'],
  OTEL_METRICS_EXPORTER: ['otlp', 'console', 'prometheus', 'none'],
  OTEL_LOGS_EXPORTER: ['otlp', 'console', 'none'],
  OTEL_EXPORTER_OTLP_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: ['cumulative', 'delta', 'lowmemory'],
  OTEL_TRACES_SAMPLER: [
    'always_on',
    'always_off',
    'parentbased_always_on',
    'parentbased_always_off',
    ...RATIO_SAMPLERS,
  ],
};

function wordProblems(): string[] {
  return Object.entries(WORDS).flatMap(([name, words]) => {
    const given = (textOf(name) ?? '').split(',').map((word) => word.trim());
    const isKnown = (word: string): boolean => words.includes(ANY_CASE.test(name) ? word.toLowerCase() : word);
    const wrong = given.filter((word) => word !== '' && !isKnown(word));
    return wrong.map((word) => `${name} must be out of ${words.join(', ')}, got ${shown(word)}; that is ignored`);
  });
}

function endpointProblems(): string[] {
  const bad = SIGNALS.flatMap((signal) => badEndpoint(signal) ?? []);
  const texts = new Map(bad.map(({ name, text }) => [name, text]));
  return [...texts].map(
    ([name, text]) =>
      `${name} must be a URL such as http://collector:4318, got ${shown(text)}; nothing is sent there or anywhere else`,
  );
}

function portProblems(): string[] {
  const text = textOf('OTEL_EXPORTER_PROMETHEUS_PORT')?.trim();
  if (text === undefined || (/^\d+$/.test(text) && Number(text) <= MAX_PORT)) return [];
  return [`OTEL_EXPORTER_PROMETHEUS_PORT must be an integer from 0 to ${MAX_PORT}, got ${shown(text)}; 9464 is used`];
}

function ratioProblems(): string[] {
  if (!RATIO_SAMPLERS.includes(textOf('OTEL_TRACES_SAMPLER') ?? '')) return [];
  const text = textOf('OTEL_TRACES_SAMPLER_ARG');
  const ratio = Number(text);
  if (text !== undefined && ratio >= 0 && ratio <= 1) return [];
  const got = text === undefined ? 'nothing' : shown(text);
  return [`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got ${got}; 1 is used`];
}

function shown(text: string): string {
  return oneLine(JSON.stringify(text));
}

/** What is wrong with the OTEL_* variables that Sonde reads, each told with its rule and what holds instead. */
export function variableProblems(): readonly string[] {
  return [...wordProblems(), ...ratioProblems(), ...endpointProblems(), ...portProblems()];
}
