import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from './fixtures/run-program.ts';

const LINK = pathToFileURL(join(__dirname, 'fixtures', 'link.ts')).href;

interface Facts {
  readonly seen: { readonly threadId: number; readonly value: number }[];
  readonly produced: number;
  readonly threads: number;
  readonly attached: number[];
  readonly counted: number;
  readonly [more: string]: unknown;
}

interface Outcome {
  readonly facts: Facts;
  readonly code: number | null;
  readonly stderr: string;
}

async function run(scenario: string, options: { isLinked?: boolean; env?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
  const { isLinked = true, env = {} } = options;
  const execArgv = isLinked ? ['--import', LINK] : [];
  const outcome = await runProgram('thread-program.ts', [scenario], { execArgv, env });
  try {
    return { ...outcome, facts: JSON.parse(outcome.stdout) as Facts };
  } catch (cause) {
    throw new Error(`${scenario}: ${JSON.stringify(outcome)}`, { cause });
  }
}

const values = ({ seen }: Facts, threadId: number): number[] =>
  seen.filter((record) => record.threadId === threadId).map(({ value }) => value);

test('a worker that ends, exits or throws leaves every event and count, and is then let go', async () => {
  const { facts, code } = await run('lifetimes');
  for (const threadId of [1, 2, 3]) expect(values(facts, threadId)).toEqual([0, 1, 2, 3, 4]);
  expect(facts).toMatchObject({ exits: [0, 3, 1], produced: 15, counted: 15, attached: [] });
  expect(code).toBe(0);
});

test('a terminated worker, which runs no exit listener, leaves every event and count as well', async () => {
  const { facts } = await run('terminated');
  expect(values(facts, 1)).toEqual([0, 1, 2, 3, 4]);
  expect(facts).toMatchObject({ produced: 5, counted: 5, attached: [], during: { attached: 1, inFlight: 1 } });
  // What it had on the libuv pool is not waited for.
  expect(facts.inFlight).toBe(0);
});

test('a worker of a worker is attached, and let go when the outer one is terminated', async () => {
  const { facts } = await run('nested');
  expect(values(facts, 1)).toEqual([0, 1, 2, 3, 4]);
  expect(values(facts, 2)).toEqual([0, 1, 2, 3, 4]);
  expect(facts).toMatchObject({ during: 2, produced: 10, counted: 10, attached: [] });
});

test('events of a worker that lives on are seen without its doing anything more', async () => {
  const { facts } = await run('growing');
  expect(facts).toMatchObject({ during: { counted: 43, attached: 1 }, produced: 43, counted: 43 });
});

test('the events of a worker that has ended can be queried for a while', async () => {
  const lingering = await run('lingering', { env: { LINGER_MS: '60000' } });
  expect(lingering.facts).toMatchObject({ count: 5, threads: 1, attached: [1], counted: 5 });
  const gone = await run('lingering', { env: { LINGER_MS: '0' } });
  expect(gone.facts).toMatchObject({ count: 0, threads: 0, attached: [], counted: 5, produced: 5 });
});

test('a worker that was linked before the main thread is found', async () => {
  const { facts } = await run('late-link', { isLinked: false });
  expect(facts).toMatchObject({ attached: [1], counted: 5 });
  expect(values(facts, 1)).toEqual([0, 1, 2, 3, 4]);
});

test('user code sees no listener, no handle and no message more', async () => {
  const [linked, bare] = await Promise.all([run('listeners'), run('listeners', { isLinked: false })]);
  expect(bare.facts.visible).toHaveProperty('worker', expect.arrayContaining([['message', 1]]));
  expect(linked.facts.visible).toEqual(bare.facts.visible);
});

test('the exit code of process.exit in the main thread stays, with workers running', async () => {
  expect((await run('process-exit')).code).toBe(7);
});

test('a program that does nothing ends as it would', async () => {
  const { facts, code, stderr } = await run('nothing');
  expect(facts).toMatchObject({ produced: 0, threads: 0, attached: [], counted: 0 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
