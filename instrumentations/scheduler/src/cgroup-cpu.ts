import type { CgroupLocation } from './cgroup-location.ts';

/** CPU bandwidth control of one group. */
export interface CpuQuota {
  /** CPUs allowed. */
  readonly limit: number;
  readonly directory: string;
}

/** Totals of a group with a quota. */
export interface CpuThrottling {
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledSeconds: number;
}

/** Reads a file as text; undefined when it is absent. */
export type ReadText = (path: string) => string | undefined;

/** `cpu.max`: "max 100000" or "50000 100000". https://docs.kernel.org/admin-guide/cgroup-v2.html */
export function parseCpuMax(text: string): number | undefined {
  const match = /^(\d+) (\d+)\s*$/.exec(text);
  return match === null ? undefined : ratio(Number(match[1]), Number(match[2]));
}

/** `cpu.cfs_quota_us` (-1: none) and `cpu.cfs_period_us`. https://docs.kernel.org/scheduler/sched-bwc.html */
export function parseCfsQuota(quota: string, period: string): number | undefined {
  const isPlain = /^\d+\s*$/.test(quota) && /^\d+\s*$/.test(period);
  return isPlain ? ratio(Number(quota), Number(period)) : undefined;
}

function ratio(quota: number, period: number): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined;
}

/** `cpu.stat` of either version: v1 tells `throttled_time` in ns, v2 `throttled_usec`. */
export function parseCpuStat(text: string): CpuThrottling | undefined {
  const values = new Map(text.split('\n').map((line) => line.split(' ') as [string, string]));
  const value = (key: string): number | undefined => {
    const digits = values.get(key);
    return digits !== undefined && /^\d+$/.test(digits) ? Number(digits) : undefined;
  };
  const periods = value('nr_periods');
  const throttledPeriods = value('nr_throttled');
  if (periods === undefined || throttledPeriods === undefined) return undefined;
  const micros = value('throttled_usec');
  const seconds = micros === undefined ? (value('throttled_time') ?? 0) / 1e9 : micros / 1e6;
  return { periods, throttledPeriods, throttledSeconds: seconds };
}

function quotaOf(version: 1 | 2, directory: string, read: ReadText): number | undefined {
  if (version === 2) return parseCpuMax(read(`${directory}/cpu.max`) ?? '');
  const quota = read(`${directory}/cpu.cfs_quota_us`) ?? '';
  // No quota is the rule, and then the period does not matter.
  return quota.startsWith('-') ? undefined : parseCfsQuota(quota, read(`${directory}/cpu.cfs_period_us`) ?? '');
}

/** The tightest quota on the way up; of equal ones the innermost. Undefined when there is none. */
export function tightestQuota({ version, directories }: CgroupLocation, read: ReadText): CpuQuota | undefined {
  let tightest: CpuQuota | undefined;
  for (const directory of directories) {
    const limit = quotaOf(version, directory, read);
    if (limit !== undefined && (tightest === undefined || limit < tightest.limit)) tightest = { limit, directory };
  }
  return tightest;
}
