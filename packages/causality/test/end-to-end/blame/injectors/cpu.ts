import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Injector, Truth } from '../injector.ts';
import { burnCpu, burnUntil, starvedMs } from './burn.ts';

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

/** What it took beyond the CPU that it used. */
function burnTruth(cpuMs: number): Truth {
  const burnt = burnCpu(cpuMs);
  const waitedMs = burnt.endMs - burnt.startMs - burnt.cpuMs;
  return {
    stretches: [],
    amounts: [
      { cause: 'cpu', ms: waitedMs },
      { cause: 'own_turn', ms: burnt.cpuMs },
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
    setQuota(QUOTA_US);
    const truth = burnTruth((ms * QUOTA_US) / (PERIOD_US - QUOTA_US));
    setQuota(-1);
    return truth;
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
    signalSibling('SIGCONT');
    const truth = burnTruth(ms);
    signalSibling('SIGSTOP');
    return truth;
  },
  async cleanup() {
    signalSibling('SIGCONT');
    signalSibling('SIGKILL');
  },
};
