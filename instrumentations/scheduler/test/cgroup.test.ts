import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseCfsQuota, parseCpuMax, parseCpuStat, tightestQuota } from '../src/cgroup-cpu.ts';
import { locateOwnCgroup } from '../src/cgroup-files.ts';
import { locateCpuCgroup } from '../src/cgroup-location.ts';

const V1_MOUNTS = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
].join('\n');
const V2_MOUNT = '25 20 0:23 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate';

describe('where the cpu controller is', () => {
  test('cgroup v2 alone: the group and all above it', () => {
    expect(locateCpuCgroup('0::/system.slice/app.service\n', V2_MOUNT)).toEqual({
      version: 2,
      directories: ['/sys/fs/cgroup/system.slice/app.service', '/sys/fs/cgroup/system.slice', '/sys/fs/cgroup'],
    });
  });

  test('cgroup v2 in a container with its own namespace: the mount is the group', () => {
    expect(locateCpuCgroup('0::/\n', V2_MOUNT)).toEqual({ version: 2, directories: ['/sys/fs/cgroup'] });
  });

  test('cgroup v1: the hierarchy that has cpu, although a unified one is mounted too (hybrid)', () => {
    const membership = '9:name=systemd:/\n4:memory:/box\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n';
    expect(locateCpuCgroup(membership, V1_MOUNTS)).toEqual({
      version: 1,
      directories: [
        '/sys/fs/cgroup/cpu,cpuacct/docker/abc',
        '/sys/fs/cgroup/cpu,cpuacct/docker',
        '/sys/fs/cgroup/cpu,cpuacct',
      ],
    });
  });

  test('hybrid with the cpu controller in the unified hierarchy', () => {
    const mounts = V1_MOUNTS.split('\n')
      .filter((line) => !line.includes('cpuacct'))
      .join('\n');
    expect(locateCpuCgroup('4:memory:/box\n0::/app\n', mounts)).toEqual({
      version: 2,
      directories: ['/sys/fs/cgroup/unified/app', '/sys/fs/cgroup/unified'],
    });
  });

  test('cgroup v1 in a container without a namespace: the path is below the root of the mount', () => {
    const mount = '32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro,relatime master:9 - cgroup cgroup rw,cpu';
    expect(locateCpuCgroup('2:cpu:/docker/abc/child\n', mount)).toEqual({
      version: 1,
      directories: ['/sys/fs/cgroup/cpu/child', '/sys/fs/cgroup/cpu'],
    });
    expect(locateCpuCgroup('2:cpu:/docker/abc\n', mount)?.directories).toEqual(['/sys/fs/cgroup/cpu']);
  });

  test('a group that is not mounted here, or outside of the namespace, is taken for what is mounted', () => {
    const mount = '32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu';
    expect(locateCpuCgroup('2:cpu:/docker/abcdef\n', mount)?.directories).toEqual(['/sys/fs/cgroup/cpu']);
    expect(locateCpuCgroup('0::/../other\n', V2_MOUNT)?.directories).toEqual(['/sys/fs/cgroup']);
  });

  test('a mount point with spaces, a deleted group, a path with a colon', () => {
    const mount = '25 20 0:23 / /mnt/my\\040groups rw - cgroup2 none rw';
    expect(locateCpuCgroup('0::/a:b (deleted)\n', mount)?.directories).toEqual([
      '/mnt/my groups/a:b',
      '/mnt/my groups',
    ]);
  });

  test.each([
    ['', ''],
    ['0::/\n', ''],
    ['', V2_MOUNT],
    ['4:memory:/x\n', V1_MOUNTS],
    ['nonsense\n0:\n::', 'nonsense - cgroup2\n- - -'],
  ])('nothing to be found gives undefined: %p', (membership, mountinfo) => {
    expect(locateCpuCgroup(membership, mountinfo)).toBeUndefined();
  });
});

describe('what its files say', () => {
  test.each([
    ['max 100000\n', undefined],
    ['50000 100000\n', 0.5],
    ['250000 100000', 2.5],
    ['0 100000\n', undefined],
    ['50000 0\n', undefined],
    ['50000\n', undefined],
    ['', undefined],
    ['-1 100000\n', undefined],
  ])('cpu.max %p', (text, limit) => expect(parseCpuMax(text)).toBe(limit));

  test.each([
    ['-1\n', '100000\n', undefined],
    ['150000\n', '100000\n', 1.5],
    ['150000\n', '', undefined],
    ['', '100000', undefined],
  ])('cpu.cfs_quota_us %p of %p', (quota, period, limit) => expect(parseCfsQuota(quota, period)).toBe(limit));

  test('cpu.stat of v1 tells ns, of v2 us', () => {
    expect(parseCpuStat('nr_periods 10\nnr_throttled 4\nthrottled_time 1500000000\nnr_bursts 0\n')).toEqual({
      periods: 10,
      throttledPeriods: 4,
      throttledSeconds: 1.5,
    });
    const v2 = 'usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 3\nnr_throttled 2\nthrottled_usec 2500000\n';
    expect(parseCpuStat(v2)).toEqual({ periods: 3, throttledPeriods: 2, throttledSeconds: 2.5 });
  });

  test('cpu.stat of a group without a quota tells no periods', () => {
    expect(parseCpuStat('usage_usec 9\nuser_usec 5\nsystem_usec 4\n')).toBeUndefined();
    expect(parseCpuStat('')).toBeUndefined();
    expect(parseCpuStat('nr_periods many\nnr_throttled 1\n')).toBeUndefined();
  });
});

describe('the quota that binds', () => {
  const read = (files: Record<string, string>) => (path: string) => files[path];

  test('the tightest of the way up, the innermost of equal ones', () => {
    const directories = ['/c/a/b', '/c/a', '/c'];
    const files = {
      '/c/a/b/cpu.max': 'max 100000\n',
      '/c/a/cpu.max': '150000 100000\n',
      '/c/cpu.max': '400000 100000\n',
    };
    expect(tightestQuota({ version: 2, directories }, read(files))).toEqual({ limit: 1.5, directory: '/c/a' });
    const equal = { '/c/a/cpu.max': '150000 100000', '/c/cpu.max': '75000 50000' };
    expect(tightestQuota({ version: 2, directories }, read(equal))?.directory).toBe('/c/a');
  });

  test('no quota anywhere, or no files at all', () => {
    const directories = ['/c/a', '/c'];
    expect(tightestQuota({ version: 2, directories }, read({ '/c/a/cpu.max': 'max 100000\n' }))).toBeUndefined();
    expect(tightestQuota({ version: 1, directories }, read({}))).toBeUndefined();
    expect(tightestQuota({ version: 1, directories }, read({ '/c/cpu.cfs_quota_us': '-1\n' }))).toBeUndefined();
  });

  test('v1 from quota and period', () => {
    const files = { '/c/cpu.cfs_quota_us': '20000\n', '/c/cpu.cfs_period_us': '10000\n' };
    expect(tightestQuota({ version: 1, directories: ['/c'] }, read(files))).toEqual({ limit: 2, directory: '/c' });
  });
});

describe('a tree of files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sonde-cgroup-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  test('is located like the one of this process', () => {
    write('/proc/self/cgroup', '0::/pod/app\n');
    write('/proc/self/mountinfo', `${V2_MOUNT}\n`);
    expect(locateOwnCgroup(root)?.directories[0]).toBe('/sys/fs/cgroup/pod/app');
  });

  test('without the files of proc it is an error, which the caller says once', () => {
    expect(() => locateOwnCgroup(root)).toThrow(/ENOENT/);
  });
});
