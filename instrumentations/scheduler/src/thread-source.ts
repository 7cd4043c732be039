import { readdirSync, statSync } from 'node:fs';
import { type InstrumentsOf, unobserved } from '@sonde/instrumentation-kit';
import type { METRICS } from './metric-names.ts';
import type { SystemSource } from './system-source.ts';
import type { ProcessFacts, ThreadRole } from './thread-roles.ts';
import { type RoleDelta, ThreadSchedule } from './thread-schedule.ts';

type ThreadInstruments = Pick<
  InstrumentsOf<typeof METRICS>,
  'threadCpuTime' | 'threadRunQueueTime' | 'threadSlices' | 'threadCount'
>;

export interface ThreadSourceConfig {
  readonly instruments: ThreadInstruments;
  readonly maxThreads: number;
  readonly facts: () => ProcessFacts;
  /** Default `/proc/self/task`. */
  readonly directory?: string;
}

const NOTHING: RoleDelta = { threads: 0, runSeconds: 0, waitSeconds: 0, slices: 0 };

/** Reports what the threads of one role did since the last call. */
function reporter(instruments: ThreadInstruments, role: ThreadRole): (delta: RoleDelta, unfollowed: number) => void {
  const attributes = { 'sonde.thread.role': role };
  const cpu = instruments.threadCpuTime.bind(attributes);
  const wait = instruments.threadRunQueueTime.bind(attributes);
  const slices = instruments.threadSlices.bind(attributes);
  const count = instruments.threadCount.bind(attributes);
  return (delta, unfollowed) => {
    cpu.add(delta.runSeconds);
    wait.add(delta.waitSeconds);
    slices.add(delta.slices);
    count.advanceTo(delta.threads + unfollowed);
  };
}

/** CPU time, run-queue wait, slices and number of threads, by what they are for. */
export function createThreadSource(config: ThreadSourceConfig): SystemSource {
  const { instruments, maxThreads, facts, directory = '/proc/self/task' } = config;
  const list = (): string[] => unobserved(() => readdirSync(directory));
  // The kernel counts each thread as a link of the directory, besides `.` and `..`.
  const count = (): number => unobserved(() => statSync(directory)).nlink - 2;
  const schedule = new ThreadSchedule({ directory, maxThreads, list, count, facts });
  const reporters = new Map<ThreadRole, ReturnType<typeof reporter>>();
  const know = (role: ThreadRole): void => {
    if (!reporters.has(role)) reporters.set(role, reporter(instruments, role));
  };
  return {
    what: 'CPU time and run-queue wait of threads',
    observe(): void {
      const { roles, unfollowed } = schedule.read();
      if (unfollowed > 0) know('other');
      for (const role of roles.keys()) know(role);
      // All that were ever seen: a role whose last thread has ended has none now.
      for (const [role, report] of reporters) report(roles.get(role) ?? NOTHING, role === 'other' ? unfollowed : 0);
    },
    close: () => schedule.close(),
  };
}
