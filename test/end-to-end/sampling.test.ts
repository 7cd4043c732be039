/**
 * Three services over HTTP, each with Sonde preloaded, at a budget of some 2 % of the traces: what arrives must be whole
 * where the head decided, failures must be there besides, and the truth must follow from the thresholds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { adjustedCount, estimate, type SampledSpan } from '@sonde/sampling';
import { REGISTER_FILE } from '../preload/program.ts';
import { attributes, durationMs, hex, type ProtobufSink, type Span, startProtobufSink } from './otlp-sink.ts';

const isLong = process.env.SONDE_TEST_LONG === '1';
const SERVICE = join(__dirname, 'chain', 'service.mjs');
const NAMES = ['front', 'middle', 'back'] as const;
const SERVER = 2;
const CLIENT = 3;
const SECONDS = isLong ? 60 : 12;
const RATE = 200;
const BUDGET = 4;
const EVERY = 40;
/** So that the test fails by chance once in some hundreds of runs at most, all its intervals taken together. */
const CONFIDENCE = 0.9999;

interface Exported {
  readonly service: string;
  readonly span: Span;
  readonly traceId: string;
  readonly facts: Record<string, unknown>;
  readonly ot: string | undefined;
  readonly isError: boolean;
}

let sink: ProtobufSink;
const services: ChildProcess[] = [];
let exported: Exported[];
const sent = { requests: 0, failures: 0 };
const codes: (number | null)[] = [];

/** Starts the chain from its end. */
async function startChain(): Promise<string> {
  let next: string | undefined;
  for (const name of NAMES.toReversed()) {
    const service = spawn(process.execPath, ['--import', REGISTER_FILE, SERVICE], {
      env: {
        PATH: process.env.PATH,
        ...(process.env.NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE }),
        OTEL_SERVICE_NAME: name,
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_BSP_MAX_QUEUE_SIZE: '16384',
        SONDE_PROMETHEUS: '0',
        SONDE_PRESET: 'production',
        SONDE_TRACES_PER_SECOND: String(BUDGET),
        EVERY: String(EVERY),
        ...(next === undefined ? {} : { NEXT: next }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    services.push(service);
    const [port] = (await once(createInterface({ input: service.stdout as NodeJS.ReadableStream }), 'line')) as [
      string,
    ];
    next = `http://127.0.0.1:${port}`;
  }
  return next as string;
}

function ask(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', reject);
  });
}

/** Requests at a steady rate, whatever the answers. */
async function load(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < SECONDS * 1000) {
    while (sent.requests < ((performance.now() - startMs) / 1000) * RATE) {
      const number = sent.requests++;
      pending.push(
        ask(`${url}/work/${number}`, agent).then((status) => {
          if (status >= 500) sent.failures += 1;
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(pending);
  agent.destroy();
}

function read({ item, resource }: ProtobufSink['spans'][number]): Exported {
  const member = (item as Span & { traceState?: string }).traceState?.split(',').find((one) => one.startsWith('ot='));
  return {
    service: String(resource['service.name']),
    span: item,
    traceId: hex(item.traceId),
    facts: attributes(item.attributes),
    ot: member?.slice('ot='.length),
    isError: (item as Span & { status?: { code?: number } }).status?.code === 2,
  };
}

beforeAll(
  async () => {
    sink = await startProtobufSink();
    const url = await startChain();
    await load(url);
    for (const service of services.toReversed()) {
      service.kill('SIGTERM');
      codes.push(((await once(service, 'exit')) as [number | null])[0]);
    }
    exported = sink.spans.map(read);
  },
  (SECONDS + 40) * 1000,
);

afterAll(async () => {
  // Those that have not ended when something went wrong before.
  for (const service of services) service.kill('SIGKILL');
  await sink.close();
});

const byTrace = (): [traceId: string, spans: Exported[]][] => [...Map.groupBy(exported, ({ traceId }) => traceId)];
const isPromoted = ({ facts }: Exported): boolean => facts['sonde.sampling.reason'] !== undefined;

test('the services end in an orderly way and their spans can be decoded', () => {
  expect(codes).toEqual([0, 0, 0]);
  expect(sink.refused).toEqual([]);
  expect(sent.failures).toBe(Math.ceil(sent.requests / EVERY));
});

test('a small part of the traces is kept', () => {
  const normal = byTrace().filter(([, spans]) => !spans.some(isPromoted));
  // The bucket may be full at the start; the budget then holds within its own noise.
  expect(normal.length).toBeLessThan(BUDGET * SECONDS * 2.5);
  expect(normal.length).toBeGreaterThan(BUDGET * SECONDS * 0.3);
});

test('where the head decided, traces are whole: five spans, one below the other', () => {
  const normal = byTrace().filter(([, spans]) => !spans.some(isPromoted));
  for (const [traceId, spans] of normal) {
    // On a busy machine there may be spans of slow operations besides.
    const calls = spans.filter(({ span }) => span.kind === SERVER || span.kind === CLIENT);
    const shape = calls.map(({ service, span }) => `${service} ${span.kind}`).sort();
    expect([traceId, ...shape]).toEqual([
      traceId,
      `back ${SERVER}`,
      `front ${SERVER}`,
      `front ${CLIENT}`,
      `middle ${SERVER}`,
      `middle ${CLIENT}`,
    ]);
    const ids = new Set(spans.map(({ span }) => hex(span.spanId)));
    const roots = spans.filter(({ span }) => !ids.has(hex(span.parentSpanId)));
    expect(roots.map(({ service }) => service)).toEqual(['front']);
    expect(new Set(spans.map(({ ot }) => ot)).size).toBe(1);
  }
});

test('failed traces are there besides, each span at a threshold that its trace reaches', () => {
  const promoted = exported.filter(isPromoted);
  const reasons = new Set(promoted.map(({ facts }) => facts['sonde.sampling.reason']));
  expect(reasons).toContain('error');
  const failed = promoted.filter(({ span, isError }) => span.kind === SERVER && isError);
  for (const name of NAMES) expect(failed.filter(({ service }) => service === name).length).toBeGreaterThan(5);
  for (const { ot, traceId } of exported) expect([ot, adjustedCount(ot, traceId)]).toEqual([ot, expect.any(Number)]);
  // All spans of one local trace say the same.
  const local = Map.groupBy(exported, ({ service, traceId }) => `${service} ${traceId}`);
  for (const [, spans] of local) expect(new Set(spans.map(({ ot }) => ot)).size).toBe(1);
});

test('requests and failures of each service follow from what was kept', () => {
  const requests: SampledSpan[] = exported
    .filter(({ span }) => span.kind === SERVER)
    .map(({ service, span, traceId, ot, isError }) => ({
      traceId,
      spanId: hex(span.spanId),
      ot,
      isLocalRoot: true,
      key: service,
      startMs: Number(span.startTimeUnixNano) / 1e6,
      durationMs: durationMs(span),
      isError,
    }));
  const { groups } = estimate(requests, { confidence: CONFIDENCE });
  expect(groups.map(({ group }) => group).sort()).toEqual(['back', 'front', 'middle']);
  for (const { group, count, errors, unknown } of groups) {
    expect([group, unknown]).toEqual([group, 0]);
    // Half as wide again: the intervals are exact enough for what they promise, not that far out.
    const holds = ({ value, low, high }: { value: number; low: number; high: number }, truth: number) =>
      value - 1.5 * (value - low) <= truth && truth <= value + 1.5 * (high - value);
    expect({ group, count, truth: sent.requests, holds: holds(count, sent.requests) }).toMatchObject({ holds: true });
    expect({ group, errors, truth: sent.failures, holds: holds(errors, sent.failures) }).toMatchObject({ holds: true });
  }
  // Failures are kept far more often than other requests.
  const kept = (isFailed: boolean): number => requests.filter(({ isError }) => isError === isFailed).length;
  expect(kept(true) / sent.failures).toBeGreaterThan((3 * kept(false)) / (sent.requests - sent.failures));
});
