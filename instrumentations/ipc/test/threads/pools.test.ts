import { factsOf } from '../fixtures/preloaded.ts';

interface PoolFacts {
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
  readonly afterwards: number;
  readonly queued: number;
  readonly served: number;
}

const TASKS = 40;
const IN_TRACES = 32;

test.each([
  ['pool-program.mjs', '--import', {}],
  ['pool-program.cjs', '--require', {}],
  ['pool-program.cjs', '--import', { atomics: 'disabled', concurrentTasksPerWorker: 3 }],
  ['pool-program.mjs', '--require', { atomics: 'async', concurrentTasksPerWorker: 3 }],
] as const)(
  '%s behind %s with %j: each task of piscina runs in the context of its own request',
  async (name, flag, settings) => {
    const facts = await factsOf<PoolFacts>(name, { flag, args: [JSON.stringify(settings)] });
    expect(facts).toMatchObject({ right: TASKS, wrong: 0, missed: 0, afterwards: TASKS });
    // Each request knows how long its task waited, in the queue of the pool and on the way, and how long it was worked on.
    expect(facts.queued).toBeGreaterThanOrEqual(IN_TRACES);
    expect(facts.served).toBeGreaterThanOrEqual(IN_TRACES);
  },
);
