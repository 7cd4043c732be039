import type { InstrumentsOf } from '@sonde/instrumentation-kit';
import { parseCpuStat, tightestQuota } from './cgroup-cpu.ts';
import { CgroupFiles } from './cgroup-files.ts';
import type { CgroupLocation } from './cgroup-location.ts';
import type { METRICS } from './metric-names.ts';
import { Growth, type SystemSource } from './system-source.ts';

type CgroupInstruments = Pick<
  InstrumentsOf<typeof METRICS>,
  'cgroupCpuLimit' | 'cgroupCpuPeriods' | 'cgroupCpuThrottledPeriods' | 'cgroupCpuThrottledTime'
>;

export interface CgroupSourceConfig {
  readonly instruments: CgroupInstruments;
  /** Finds the groups of this process; undefined when there is no cpu controller. */
  readonly locate: () => CgroupLocation | undefined;
}

/** The CPU quota that binds this process, and how often it ran out. */
export function createCgroupSource({ instruments, locate }: CgroupSourceConfig): SystemSource {
  const files = new CgroupFiles();
  let location: CgroupLocation | undefined;
  let directory = '';
  let growths = { periods: new Growth(), throttled: new Growth(), time: new Growth() };
  return {
    what: 'CPU quota and throttling of the control group',
    observe(): void {
      location ??= locate();
      if (location === undefined) throw new Error('no cpu controller is mounted');
      const quota = tightestQuota(location, files.read);
      if (quota === undefined) return;
      instruments.cgroupCpuLimit.bind().set(quota.limit);
      if (quota.directory !== directory) {
        directory = quota.directory;
        growths = { periods: new Growth(), throttled: new Growth(), time: new Growth() };
      }
      const stat = parseCpuStat(files.read(`${directory}/cpu.stat`) ?? '');
      if (stat === undefined) return;
      instruments.cgroupCpuPeriods.bind().add(growths.periods.to(stat.periods));
      instruments.cgroupCpuThrottledPeriods.bind().add(growths.throttled.to(stat.throttledPeriods));
      instruments.cgroupCpuThrottledTime.bind().add(growths.time.to(stat.throttledSeconds));
    },
    close: () => files.close(),
  };
}
