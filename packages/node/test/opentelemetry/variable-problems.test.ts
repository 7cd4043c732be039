import { exporterNames } from '../../src/opentelemetry/environment.ts';
import { variableProblems } from '../../src/opentelemetry/variable-problems.ts';

const before = { ...process.env };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
});

afterAll(() => {
  Object.assign(process.env, before);
});

test.each([
  ['OTEL_TRACES_EXPORTER', 'otlp, console'],
  ['OTEL_METRICS_EXPORTER', 'none'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://collector:4318/x'],
  ['OTEL_EXPORTER_PROMETHEUS_PORT', '0'],
  ['OTEL_TRACES_SAMPLER', ' '],
  ['OTEL_SDK_DISABLED', 'False'],
  ['OTEL_TRACES_SAMPLER_ARG', 'used by no sampler'],
  ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'LowMemory'],
])('nothing is said of %s=%s', (name, value) => {
  process.env[name] = value;
  expect(variableProblems()).toEqual([]);
});

test.each([
  ['OTEL_TRACES_EXPORTER', 'otlp,foo', 'must be out of otlp, console, zipkin, none, got "foo"; that is ignored'],
  ['OTEL_SDK_DISABLED', '1', 'must be out of true, false, got "1"; that is ignored'],
  ['OTEL_TRACES_SAMPLER', 'dice', 'must be out of always_on'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'must be out of always_on'],
  ['OTEL_TRACES_SAMPLER', 'traceidratio', '_ARG must be a number from 0 to 1, got nothing; 1 is used'],
  ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'gamma', 'must be out of cumulative, delta, lowmemory'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'carrier-pigeon', 'must be out of grpc, http/json, http/protobuf'],
  ['OTEL_EXPORTER_PROMETHEUS_PORT', 'abc', 'must be an integer from 0 to 65535, got "abc"; 9464 is used'],
  ['OTEL_EXPORTER_PROMETHEUS_PORT', '65536', 'must be an integer from 0 to 65535, got "65536"'],
  [
    'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
    'a\u001b[2Jb',
    'must be a URL such as http://collector:4318, got "a\\u001b[2Jb"',
  ],
])('%s=%j is told', (name, value, sentence) => {
  process.env[name] = value;
  expect(variableProblems()).toHaveLength(1);
  expect(variableProblems()[0]).toContain(sentence.startsWith('_') ? name + sentence : `${name} ${sentence}`);
});

test.each(['127.0.0.1:4391', 'notaurl', 'http://', 'http://127.0.0.1:99999', 'localhost:4318'])(
  'to an endpoint %s nothing is sent, nor to localhost in its place',
  (endpoint) => {
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint;
    expect(variableProblems()).toHaveLength(1);
    expect(exporterNames('TRACES')).toBeUndefined();
    process.env.OTEL_TRACES_EXPORTER = 'otlp,console';
    expect(exporterNames('TRACES')).toEqual(['console']);
  },
);

test.each(['0.5x', '2', '-1', 'NaN'])('a ratio of %s is told', (ratio) => {
  process.env.OTEL_TRACES_SAMPLER = 'parentbased_traceidratio';
  process.env.OTEL_TRACES_SAMPLER_ARG = ratio;
  expect(variableProblems()).toEqual([
    `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got "${ratio}"; 1 is used`,
  ]);
});
