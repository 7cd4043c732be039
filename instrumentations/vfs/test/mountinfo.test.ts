import fc from 'fast-check';
import { parseMountinfo } from '../src/mountinfo.ts';
import { runs } from './seed.ts';

/** A container on a host with cgroup v1: overlay root, bind mounts of single files, optional fields of every number. */
const CGROUP_V1 = `1029 965 0:118 / / rw,relatime master:279 - overlay overlay rw,lowerdir=/var/lib/docker/l/A,upperdir=/u,workdir=/w
1030 1029 0:121 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1033 1032 0:26 /docker/7c9 /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:11 - cgroup cgroup rw,cpu,cpuacct
1040 1029 8:1 /var/lib/docker/containers/7c9/hosts /etc/hosts rw,relatime shared:1 master:2 propagate_from:3 - ext4 /dev/sda1 rw
1041 1029 8:17 /volumes/data /data rw,relatime - ext4 /dev/sdb1 rw`;

/** A host with cgroup v2, an automount, an NFS mount with a space and one with a backslash and a hash in its name. */
const CGROUP_V2 = `24 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate
36 24 0:33 / /proc/sys/fs/binfmt_misc rw,relatime shared:14 - autofs systemd-1 rw,fd=29,pgrp=1
90 24 0:51 / /mnt/my\\040share\\011x rw,relatime - nfs4 server:/export rw,vers=4.2
91 24 0:52 / /mnt/back\\134slash\\043 rw - fuse.sshfs user@host:/ rw
92 24 0:53 / /mnt/a-b - - tmpfs tmpfs rw`;

test('mounts of a container on a cgroup v1 host', () => {
  expect(parseMountinfo(CGROUP_V1)).toEqual([
    { id: 1029, mountpoint: '/', type: 'overlay' },
    { id: 1030, mountpoint: '/proc', type: 'proc' },
    { id: 1033, mountpoint: '/sys/fs/cgroup/cpu,cpuacct', type: 'cgroup' },
    { id: 1040, mountpoint: '/etc/hosts', type: 'ext4' },
    { id: 1041, mountpoint: '/data', type: 'ext4' },
  ]);
});

test('mounts of a cgroup v2 host, octal escapes undone', () => {
  expect(parseMountinfo(CGROUP_V2)).toEqual([
    { id: 24, mountpoint: '/', type: 'ext4' },
    { id: 30, mountpoint: '/sys/fs/cgroup', type: 'cgroup2' },
    { id: 36, mountpoint: '/proc/sys/fs/binfmt_misc', type: 'autofs' },
    { id: 90, mountpoint: '/mnt/my share\tx', type: 'nfs4' },
    { id: 91, mountpoint: '/mnt/back\\slash#', type: 'fuse.sshfs' },
    { id: 92, mountpoint: '/mnt/a-b', type: 'tmpfs' },
  ]);
});

test.each([
  ['nothing', ''],
  ['a cut line', '36 35 98:0 / /mnt rw,noatime master:1'],
  ['no separator', '36 35 98:0 / /mnt rw a b c d'],
  ['no type after the separator', '36 35 98:0 / /mnt rw -'],
  ['no id', 'x 35 98:0 / /mnt rw - ext4 /dev/root rw'],
  ['a mount point that is no path', '36 35 98:0 / mnt rw - ext4 /dev/root rw'],
  ['another file', 'Name:\tnode\nUmask:\t0022\n'],
])('%s gives no mount', (_, text) => {
  expect(parseMountinfo(text)).toEqual([]);
});

test('any text is parsed without a throw, and every mount point found is an absolute path', () => {
  const word = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('-', '/', '/a', '36', '\\040', '\\', '\n'));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      for (const { mountpoint } of parseMountinfo(words.join(' '))) expect(mountpoint).toMatch(/^\//);
    }),
    runs(200),
  );
});

test('what the kernel escapes comes back as it was', () => {
  const name = fc.stringMatching(/^[a-zé \t\\#-]{1,12}$/);
  const escaped = (text: string): string =>
    text.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  fc.assert(
    fc.property(name, (mountpoint) => {
      const line = `1 0 0:1 / /${escaped(mountpoint)} rw shared:1 - ext4 dev rw`;
      expect(parseMountinfo(line)).toEqual([{ id: 1, mountpoint: `/${mountpoint}`, type: 'ext4' }]);
    }),
    runs(200),
  );
});
