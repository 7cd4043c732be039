import { score, truthOf } from './blame/score.ts';

const told = (blame: Record<string, unknown>, truths: Parameters<typeof truthOf>[0]) => ({
  run: '0',
  wallMs: 400,
  starvedMs: 40,
  blame,
  truths,
});

test('where causes overlap, the time is that of the one that ranks first', () => {
  const stretch = (cause: string, startMs: number, endMs: number) => ({ cause, startMs, endMs });
  const truth = truthOf([
    { stretches: [stretch('filesystem', 0, 300), stretch('gc', 100, 150)] },
    { stretches: [stretch('gc', 140, 200), stretch('pool', 290, 350)], amounts: [{ cause: 'cpu', ms: 7 }] },
  ]);
  expect(Object.fromEntries(truth)).toEqual({ filesystem: 190, gc: 100, pool: 60, cpu: 7 });
});

test('a cause that is not told is wrong by all of it, and the top one is compared', () => {
  const truths = [
    {
      stretches: [],
      amounts: [
        { cause: 'gc', ms: 100 },
        { cause: 'pool', ms: 200 },
      ],
    },
  ];
  const scored = score(
    told({ 'sonde.blame.pool': 0.21, 'sonde.blame.unexplained': 0.1, 'sonde.blame.top': 'pool' }, truths),
    ['gc', 'pool'],
  );
  expect(scored.shares.map(({ error }) => Number(error.toFixed(3)))).toEqual([-1, 0.05]);
  expect([scored.unexplained, scored.starved, scored.isTopRight]).toEqual([0.25, 0.1, true]);
  expect(score(told({ 'sonde.blame.gc': 1 }, truths), []).isTopRight).toBe(false);
});

test('causes that are as close as the tolerance are equally large', () => {
  const withPool = (ms: number) => [
    {
      stretches: [],
      amounts: [
        { cause: 'gc', ms: 100 },
        { cause: 'pool', ms },
      ],
    },
  ];
  const blame = { 'sonde.blame.gc': 0.1, 'sonde.blame.pool': 0.09 };
  expect(score(told(blame, withPool(110)), []).isTopRight).toBe(true);
  expect(score(told(blame, withPool(120)), []).isTopRight).toBe(false);
});
