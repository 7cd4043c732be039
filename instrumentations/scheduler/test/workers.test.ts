import type { BlockedLoopReport } from '@sonde/instrumentation-scheduler';
import type { Point } from '../../../test/fixtures/collect.ts';
import { runForJson } from './fixtures/run-program.ts';

interface Printed {
  readonly reports: BlockedLoopReport[];
  readonly events: { readonly value: number; readonly severity: number }[];
  readonly metrics: Readonly<Record<string, Point[]>>;
}

let printed: Printed;
beforeAll(async () => {
  printed = await runForJson<Printed>('worker-program.ts');
});

const ofRole = (name: string, role: string): Point | undefined =>
  printed.metrics[name]?.find(({ attributes }) => attributes['sonde.thread.role'] === role);

test('a worker that blocks its own loop is reported there, without a stack: no watcher can reach it', () => {
  const report = printed.reports.find(({ durationMs }) => durationMs >= 399);
  expect(report).toMatchObject({ missed: 'unavailable', stack: [] });
  expect(printed.events).toContainEqual({ value: (report?.durationMs ?? 0) / 1000, severity: 13 });
});

test('the turns and the times of worker loops are told apart from those of the main thread', () => {
  expect(ofRole('sonde.scheduler.eventloop.turn.duration', 'main')?.value).toBeGreaterThan(0);
  expect(ofRole('sonde.scheduler.eventloop.turn.duration', 'worker')?.sum).toBeGreaterThan(0.39);
  expect(ofRole('nodejs.eventloop.time', 'worker')).toBeDefined();
  expect(printed.metrics['nodejs.eventloop.utilization']).toHaveLength(1);
});

test('work that a worker gave to the pool is in the one account of the process', () => {
  expect(printed.metrics['sonde.scheduler.pool.operations']?.[0]?.value).toBeGreaterThanOrEqual(1);
  expect(printed.metrics['sonde.scheduler.pool.size']).toHaveLength(1);
});

(process.platform === 'linux' ? test : test.skip)('the kernel thread of a worker is known as that of a worker', () => {
  expect(ofRole('sonde.scheduler.threads', 'worker')?.value).toBe(1);
});
