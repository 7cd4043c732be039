import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { DayReport, ReportTask, ThumbnailTask } from './pool/tasks.ts';

/** Threads that do what would hold up the event loop. */
export interface RenderPool {
  thumbnail(task: ThumbnailTask): Promise<Uint8Array>;
  dayReport(task: ReportTask): Promise<DayReport>;
  /** Ends what the threads keep running, then the threads, when their last tasks are done. */
  close(): Promise<void>;
}

const THREADS = 2;
const MOST_WAITING = 256;

/** Starts two threads; resolves when the first is ready. When too many tasks wait, the next one is refused. */
export async function startRenderPool(): Promise<RenderPool> {
  const pool = new Piscina({
    filename: join(import.meta.dirname, 'pool', 'tasks.ts'),
    minThreads: THREADS,
    maxThreads: THREADS,
    maxQueue: MOST_WAITING,
    // A thread that sleeps between tasks would not hear from the process that it has forked.
    atomics: 'disabled',
  });
  await pool.run(undefined, { name: 'greet' });
  const underWay = new Set<Promise<unknown>>();
  const run = async <T>(name: string, task: unknown): Promise<T> => {
    const result: Promise<T> = pool.run(task, { name });
    underWay.add(result);
    try {
      return await result;
    } finally {
      underWay.delete(result);
    }
  };
  return {
    thumbnail: (task) => run('thumbnail', task),
    dayReport: (task) => run('dayReport', task),
    close: async () => {
      await Promise.allSettled(underWay);
      // All threads are idle now, so each gets one of these.
      await Promise.allSettled(Array.from({ length: THREADS }, () => pool.run(undefined, { name: 'retire' })));
      await pool.close();
    },
  };
}
