import { existsSync } from 'node:fs';

/** Why something in the tables need not come out of a run with everything on. */
export interface Excuse {
  readonly reason: string;
  /** Whether it may come out all the same. */
  readonly isPossible: boolean;
}

const cannot = (reason: string): Excuse => ({ reason, isPossible: false });
const may = (reason: string): Excuse => ({ reason, isPossible: true });

/** Excused only where the file is absent. */
const needs = (file: string): Excuse | undefined => (existsSync(file) ? undefined : cannot(`there is no ${file}`));

const QUOTA = may('only below a control group with a CPU quota');

const SHARED_MEMORY = cannot('`sharedMemory` is an option of the instrumentation that no setting turns on');

const ANOMALY = may(
  'what is over within seconds is no anomaly, and all is over soon here; see packages/anomaly-detection/test',
);

/** By name of metric, event or span, or `metric: attribute`. What is not here, or undefined, must come out. */
export const EXCUSES: Readonly<Record<string, Excuse | undefined>> = {
  'sonde.anomaly': ANOMALY,
  'sonde.anomaly.count': ANOMALY,
  'sonde.anomaly.suppressed': ANOMALY,
  'sonde.ipc.atomics.wait.duration': SHARED_MEMORY,
  'sonde.ipc.atomics.notified': SHARED_MEMORY,
  'messaging.client.consumed.messages: error.type': may(
    'a message that was cloned and cannot be read again needs a port that was moved to another vm context',
  ),
  'sonde.scheduler.pool.probe.duration': cannot(
    'the probe is an option of the instrumentation that no setting turns on',
  ),
  'sonde.scheduler.gc_pause': may(
    'a collection seldom stops a thread for 100 ms, save on a machine that is overloaded',
  ),
  'sonde.scheduler.cgroup.cpu.limit': QUOTA,
  'sonde.scheduler.cgroup.cpu.periods': QUOTA,
  'sonde.scheduler.cgroup.cpu.throttled_periods': QUOTA,
  'sonde.scheduler.cgroup.cpu.throttled.time': QUOTA,
  'sonde.scheduler.pressure.time': needs('/proc/pressure/cpu'),
  'sonde.scheduler.thread.cpu.time': needs('/proc/self/schedstat'),
  'sonde.scheduler.thread.run_queue.time': needs('/proc/self/schedstat'),
  'sonde.scheduler.thread.slices': needs('/proc/self/schedstat'),
  'process.context_switches': needs('/proc/self/status'),
  'sonde.scheduler.threads': needs('/proc/self/task'),
};
