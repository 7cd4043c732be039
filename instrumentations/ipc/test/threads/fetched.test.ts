import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { factsOf } from '../fixtures/preloaded.ts';

interface Recorded {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly threadId: number;
  readonly durationMs: number;
}

interface Facts {
  readonly requests: readonly { readonly traceId: string; readonly answer: { readonly at: string | null } }[];
}

async function run(args: readonly string[], options = {}): Promise<{ facts: Facts; spans: Recorded[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-ipc-'));
  const file = join(folder, 'spans');
  try {
    const env = { SPAN_FILE: file, IPC_OPTIONS: JSON.stringify(options) };
    const facts = await factsOf<Facts>('fetch-program.mjs', { env, args });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return { facts, spans: lines.map((line) => JSON.parse(line) as Recorded) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Names from a span up to its root. */
function pathOf(span: Recorded | undefined, spans: readonly Recorded[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span?.parent);
  return span === undefined ? [] : [span.name, ...pathOf(parent, spans)];
}

test('what a worker does about a message that it has fetched is below its process span, which ends with the answer', async () => {
  const { facts, spans } = await run(['loop']);
  const timesMs = [5, 20, 10, 1];
  expect(facts.requests).toHaveLength(timesMs.length);
  for (const [i, { traceId, answer }] of facts.requests.entries()) {
    expect(answer.at).toBe(traceId);
    const own = spans.filter((span) => span.traceId === traceId);
    const job = own.filter(({ name }) => name === 'process parent');
    expect(job).toHaveLength(1);
    expect(job[0]?.threadId).toBeGreaterThan(0);
    // A timer may be early by what its clock is coarse.
    expect(job[0]?.durationMs).toBeGreaterThanOrEqual((timesMs[i] as number) - 2);
    expect(job[0]?.attributes).toMatchObject({
      'messaging.destination.name': 'parent',
      'messaging.operation.name': 'process',
      'sonde.ipc.queue.wait': expect.any(Number),
    });
    const above = ['process parent', 'send fetch-worker.mjs', 'request'];
    const task = own.find(({ name }) => name === 'task');
    expect(pathOf(task, own)).toEqual(['task', ...above]);
    const handled = own.find(({ name }) => name === 'process fetch-worker.mjs');
    expect(pathOf(handled, own)).toEqual(['process fetch-worker.mjs', 'send parent', ...above]);
  }
});

test('a pool that waits without standing still has a process span of each job, above what the job does', async () => {
  const { facts, spans } = await run(['pool', '{"atomics":"async"}']);
  for (const { traceId, answer } of facts.requests) {
    expect(answer.at).toBe(traceId);
    const own = spans.filter((span) => span.traceId === traceId);
    const task = own.find(({ name }) => name === 'task');
    expect(pathOf(task, own)).toEqual(['task', 'process parent', 'send piscina/worker.js', 'request']);
  }
});

test('a thread that stands still between its jobs has no span of them: nobody would export it', async () => {
  const { facts, spans } = await run(['pool', '{"atomics":"sync"}']);
  for (const { traceId, answer } of facts.requests) {
    expect(answer.at).toBe(traceId);
    const own = spans.filter((span) => span.traceId === traceId);
    expect(own.filter(({ name }) => name === 'process parent')).toEqual([]);
    const task = own.find(({ name }) => name === 'task');
    expect(pathOf(task, own)).toEqual(['task', 'send piscina/worker.js', 'request']);
  }
});

test('without spans, jobs are in their contexts all the same', async () => {
  const { facts, spans } = await run(['loop'], { spans: false });
  for (const { traceId, answer } of facts.requests) expect(answer.at).toBe(traceId);
  expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(['request', 'task']));
});
