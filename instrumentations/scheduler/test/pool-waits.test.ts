import { runForJson } from './fixtures/run-program.ts';

type Stretch = readonly [kind: string, startMs: number, endMs: number];
type Report = Readonly<Record<'first' | 'second' | 'third' | 'gzip' | 'stream', readonly Stretch[]>>;

test('work for the pool is told as waiting for a thread and as work, each to the request whose it was', async () => {
  const report = await runForJson<Report>('pool-waits-program.ts', [], { env: { UV_THREADPOOL_SIZE: '1' } });
  const kinds = (name: keyof Report): string[] => report[name].map(([kind]) => kind);
  const endOf = (name: keyof Report, wanted: string): number =>
    report[name].find(([kind]) => kind === wanted)?.[2] ?? Number.NaN;
  // The first one has the thread at once, and each of the others gets it from the one before.
  expect(kinds('first')).toEqual(['pool_work']);
  expect(kinds('second')).toEqual(['pool', 'pool_work']);
  expect(kinds('third')).toEqual(['pool', 'pool_work']);
  expect(endOf('second', 'pool')).toBeCloseTo(endOf('first', 'pool_work'), 3);
  expect(endOf('third', 'pool')).toBeCloseTo(endOf('second', 'pool_work'), 3);
  expect(endOf('gzip', 'pool')).toBeCloseTo(endOf('third', 'pool_work'), 3);
  expect(kinds('gzip')).toContain('pool_work');
  // The stream was made outside of any request.
  expect(new Set(kinds('stream'))).toEqual(new Set(['pool_work']));
});
