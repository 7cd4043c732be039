import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Injector, Truth } from '../injector.ts';
import { burnCpu, burnUntil, starvedMs, threadCpuMs } from './burn.ts';

const PERIOD_US = 50_000;
const QUOTA_US = 15_000;
/** Made and removed by the parent process. */
const GROUP = process.env.BLAME_CGROUP ?? '';

/** The request blocks the loop itself, after an await: in the phase of the loop that comes before it waits for events. */
export const ownTurn: Injector = {
  cause: 'own_turn',
  async inject(ms) {
    await setTimeout(2);
    const before = starvedMs();
    const startMs = performance.now();
    const endMs = burnUntil(startMs + ms);
    return { stretches: [{ cause: 'own_turn', startMs, endMs, starvedMs: starvedMs() - before }] };
  },
};

/**
 * What it took to use so much CPU beyond that CPU, from the moment on at which it was made scarce until it was not any more.
 * What comes next is in another turn of the loop: for how long the thread waited is known for a turn as a whole.
 */
async function burnTruth(cpuMs: number, setScarce: (isScarce: boolean) => void): Promise<Truth> {
  const startMs = performance.now();
  const startCpuMs = threadCpuMs();
  setScarce(true);
  burnCpu(cpuMs);
  setScarce(false);
  const ranMs = threadCpuMs() - startCpuMs;
  const waitedMs = performance.now() - startMs - ranMs;
  await setImmediate();
  return {
    stretches: [],
    amounts: [
      { cause: 'cpu', ms: waitedMs },
      { cause: 'own_turn', ms: ranMs },
    ],
  };
}

function setQuota(microseconds: number): void {
  writeFileSync(`${GROUP}/cpu.cfs_quota_us`, String(microseconds));
}

/** The control group has used up its quota for most of each period. */
export const cpuQuota: Injector = {
  cause: 'cpu',
  async prepare() {
    writeFileSync(`${GROUP}/cpu.cfs_period_us`, String(PERIOD_US));
    writeFileSync(`${GROUP}/cgroup.procs`, String(process.pid));
  },
  async inject(ms) {
    const cpuMs = (ms * QUOTA_US) / (PERIOD_US - QUOTA_US);
    return burnTruth(cpuMs, (isScarce) => setQuota(isScarce ? QUOTA_US : -1));
  },
};

let sibling: ChildProcess | undefined;

/** All of its group. */
function signalSibling(signal: NodeJS.Signals): void {
  if (sibling?.pid !== undefined) process.kill(-sibling.pid, signal);
}

/** Two other processes work on the only CPU that this one may use. */
export const busySibling: Injector = {
  cause: 'cpu',
  async prepare() {
    execFileSync('taskset', ['-acp', '0', String(process.pid)]);
    // It ends by itself, should nobody stop it.
    sibling = context.with(ROOT_CONTEXT, () =>
      spawn('taskset', ['-c', '0', 'timeout', '60', 'sh', '-c', 'while :; do :; done & while :; do :; done'], {
        stdio: 'ignore',
        detached: true,
      }),
    );
    await setTimeout(50);
    signalSibling('SIGSTOP');
  },
  async inject(ms) {
    return burnTruth(ms, (isScarce) => signalSibling(isScarce ? 'SIGCONT' : 'SIGSTOP'));
  },
  async cleanup() {
    signalSibling('SIGCONT');
    signalSibling('SIGKILL');
  },
};
