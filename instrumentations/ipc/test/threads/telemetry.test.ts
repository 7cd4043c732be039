import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Point } from '../../../../test/fixtures/collect.ts';
import { factsOf } from '../fixtures/preloaded.ts';

interface Recorded {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly threadId: number;
}

interface TreeFacts {
  readonly metrics: Readonly<Record<string, readonly Point[]>>;
  readonly told: readonly { readonly name: string; readonly text?: string }[];
}

const PRODUCER = 3;
const CONSUMER = 4;
let folder: string;
let spans: Recorded[];
let facts: TreeFacts;

async function run(options: object): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'sonde-ipc-'));
  const file = join(folder, 'spans');
  const env = { SPAN_FILE: file, IPC_OPTIONS: JSON.stringify({ slowThresholdMs: 20, ...options }) };
  try {
    facts = await factsOf<TreeFacts>('tree-program.mjs', { env });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    spans = lines.map((line) => JSON.parse(line) as Recorded);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Names from a span up to its root. */
function pathOf(name: string): string[] {
  const path: string[] = [];
  let span = spans.find((one) => one.name === name);
  while (span !== undefined) {
    path.push(span.name);
    const { parent } = span;
    span = spans.find(({ spanId }) => spanId === parent);
  }
  return path;
}

test('a request that goes to a worker and back is one tree, with the messages between its spans', async () => {
  await run({});
  expect(pathOf('handle answer')).toEqual([
    'handle answer',
    'process data',
    'send parent',
    'work',
    'process parent',
    'send data',
    'request',
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const kinds = Object.fromEntries(spans.map(({ name, kind, threadId }) => [name, [kind, threadId > 0]]));
  expect(kinds).toMatchObject({ 'send data': [PRODUCER, false], 'process parent': [CONSUMER, true], work: [0, true] });
  expect(spans.find(({ name }) => name === 'process parent')?.attributes).toMatchObject({
    'messaging.system': 'nodejs.worker_threads',
    'messaging.destination.name': 'parent',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'sonde.ipc.queue.wait': expect.any(Number),
  });
});

test('messages are counted, timed and told of when they fail', () => {
  const { metrics, told } = facts;
  const peer = { 'messaging.system': 'nodejs.worker_threads', 'messaging.destination.name': 'data' };
  expect(metrics['messaging.client.sent.messages']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ attributes: { ...peer, 'messaging.operation.name': 'send' }, value: 1 }),
      expect.objectContaining({
        attributes: { ...peer, 'messaging.operation.name': 'send', 'error.type': 'DataCloneError' },
        value: 1,
      }),
    ]),
  );
  for (const name of [
    'messaging.client.consumed.messages',
    'messaging.client.operation.duration',
    'messaging.process.duration',
    'sonde.ipc.queue.wait',
  ]) {
    expect(metrics[name]?.[0]?.value).toBeGreaterThan(0);
  }
  expect(told).toContainEqual(expect.objectContaining({ name: 'sonde.ipc.failed_message', text: 'DataCloneError' }));
});

test('without spans the contexts go all the same', async () => {
  await run({ spans: false });
  expect(pathOf('handle answer')).toEqual(['handle answer', 'work', 'request']);
});
