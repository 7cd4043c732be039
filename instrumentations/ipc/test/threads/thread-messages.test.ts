import { factsOf } from '../fixtures/preloaded.ts';
import { IS_LONG, SEED } from '../seed.ts';

// long: 8 threads, 1 M messages in random contexts with random failures, transfers, deaths and slow receivers

interface StressFacts {
  readonly right: number;
  readonly wrong: number;
  readonly none: number;
  readonly missed: number;
  readonly wrongReplies: number;
  readonly replies: number;
  readonly order: boolean;
  readonly cloneErrors: number;
}

const PER_WORKER = IS_LONG ? 125_000 : 6_000;

test('eight workers of all kinds at once: contexts are right or missed, never wrong, messages whole and in order', async () => {
  const facts = await factsOf<StressFacts>('stress-program.mjs', { args: [String(PER_WORKER), String(SEED)] });
  process.stdout.write(`seed ${SEED}: ${JSON.stringify(facts)}\n`);
  expect(facts).toMatchObject({ wrong: 0, wrongReplies: 0, order: true });
  // Those out of any trace are missed without anybody noticing but the metrics.
  expect(facts.missed).toBeGreaterThanOrEqual(facts.none);
  expect(facts.right).toBeGreaterThan(PER_WORKER * 2);
  expect(facts.cloneErrors).toBeGreaterThan(0);
  expect(facts.replies).toBeGreaterThan(0);
});
