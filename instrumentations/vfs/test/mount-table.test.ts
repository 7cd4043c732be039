import { pathToFileURL } from 'node:url';
import { IGNORED } from '../src/mount-snapshot.ts';
import { createMountTable, type MountTableConfig } from '../src/mount-table.ts';

const MOUNTINFO = `1 0 0:1 / / rw - ext4 a rw
2 1 0:2 / /proc rw - proc proc rw
3 1 0:3 / /data rw - xfs b rw
4 3 0:4 / /data/my\\040share rw - nfs4 c rw`;

function table(change: Partial<MountTableConfig> = {}) {
  const world = { mountinfo: MOUNTINFO as string | undefined, reads: 0, cwd: '/home', nowMs: 0, fdinfo: 0 };
  const mounts = createMountTable({
    proc: {
      mountinfo: () => {
        world.reads += 1;
        return world.mountinfo;
      },
      mountIdOf: (fd) => {
        world.fdinfo += 1;
        return fd === 7 ? 4 : undefined;
      },
      pathOf: (fd) => (fd === 7 ? '/data/my share/x' : undefined),
    },
    cwd: () => world.cwd,
    now: () => world.nowMs,
    ignorePath: undefined,
    ...change,
  });
  const on = (target: unknown): string => mounts.mount(mounts.mountOf(target, world.nowMs)).mountpoint;
  return { mounts, world, on };
}

test.each<[string, unknown, string]>([
  ['a string', '/data/x', '/data'],
  ['a string with a space', '/data/my share/x', '/data/my share'],
  ['a Buffer', Buffer.from('/data/x'), '/data'],
  ['a Uint8Array that is a part of a buffer', new Uint8Array(Buffer.from('xx/proc/1yy')).subarray(2, 9), '/proc'],
  ['a file URL', pathToFileURL('/data/my share/ä'), '/data/my share'],
  ['a Dir', { path: '/proc/self' }, '/proc'],
  ['a path upwards', '/home/../data/x', '/data'],
  ['a path upwards out of a mount', '/data/../home', '/'],
  ['a name with two dots in it', '/data/a..b', '/data'],
  ['a descriptor that was open before', 7, '/data/my share'],
  ['a FileHandle', { fd: 7 }, '/data/my share'],
  ['a descriptor of a pipe', 8, 'unknown'],
  ['a closed FileHandle', { fd: -1 }, 'unknown'],
  ['nothing', undefined, 'unknown'],
  ['null', null, 'unknown'],
  ['a URL that is no path', new URL('file:///a%2Fb'), 'unknown'],
  [
    'an object whose getters throw',
    {
      get fd() {
        throw new Error('x');
      },
    },
    'unknown',
  ],
])('%s is told its mount', (_, target, mountpoint) => {
  expect(table().on(target)).toBe(mountpoint);
});

test('relative paths follow the working directory', () => {
  const { world, on } = table();
  expect([on('x'), on('../data/x'), on('./y'), on('')]).toEqual(['/', '/data', '/', '/']);
  world.cwd = '/data';
  expect([on('x'), on('my share/x'), on('..'), on('../proc')]).toEqual(['/data', '/data/my share', '/', '/proc']);
  world.cwd = '/data/my share';
  expect([on('x'), on('a..b'), on('../x')]).toEqual(['/data/my share', '/data/my share', '/data']);
});

test('a working directory that is gone does no harm', () => {
  const { on } = table({
    cwd: () => {
      throw new Error('ENOENT: uv_cwd');
    },
  });
  expect(on('x')).toBe('unknown');
});

test('mounts are read once in 30 s, and parsed only when they changed', () => {
  const { world, on } = table();
  on('/x');
  world.nowMs = 29_999;
  on('/x');
  expect(world.reads).toBe(1);
  world.mountinfo = `${MOUNTINFO}\n5 1 0:5 / /new rw - tmpfs t rw`;
  expect(on('/new/x')).toBe('/');
  world.nowMs = 30_000;
  expect(on('/new/x')).toBe('/new');
  world.mountinfo = MOUNTINFO;
  world.nowMs = 60_000;
  expect(on('/new/x')).toBe('/');
  expect(world.reads).toBe(3);
});

test('indices stay with their mount when mounts come and go', () => {
  const { world, mounts } = table();
  const before = mounts.mountOf('/data/x', 0);
  world.mountinfo = '1 0 0:1 / / rw - ext4 a rw';
  expect(mounts.mountOf('/data/x', 30_000)).not.toBe(before);
  world.mountinfo = `9 0 0:1 / /first rw - ext4 a rw\n${MOUNTINFO}`;
  expect(mounts.mountOf('/data/x', 60_000)).toBe(before);
  expect(mounts.mount(before)).toEqual({ mountpoint: '/data', type: 'xfs' });
});

test('a mount table that takes long to read is read more rarely', () => {
  const { world, mounts } = table({ now: () => world.nowMs + 10 });
  mounts.mountOf('/x', 0);
  mounts.mountOf('/x', 99_999);
  expect(world.reads).toBe(1);
  mounts.mountOf('/x', 100_000);
  expect(world.reads).toBe(2);
});

test('without /proc every mount is unknown', () => {
  const { world, on, mounts } = table();
  world.mountinfo = undefined;
  expect(['/data/x', 'x', 12].map(on)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(mounts.mount(0)).toEqual({ mountpoint: 'unknown', type: 'unknown' });
});

test('thousands of mounts share one name beyond the first thousand', () => {
  const { world, on } = table();
  const line = (_: unknown, index: number): string => `${index} 0 0:1 / /m${index} rw - ext4 a rw`;
  world.mountinfo = `9999 0 0:1 / / rw - ext4 a rw\n${Array.from({ length: 100_000 }, line).join('\n')}`;
  const found = ['/m0/x', '/m996/x', '/m997/x', '/m4094/x', '/m4095/x'].map(on);
  expect(found).toEqual(['/m0', '/m996', 'other', 'other', '/']);
});

test('what the kernel says of a descriptor is asked for once', () => {
  const { world, on, mounts } = table();
  on('/x');
  expect([on(7), on(7), on(8), on(8)]).toEqual(['/data/my share', '/data/my share', 'unknown', 'unknown']);
  expect(world.fdinfo).toBe(2);
  mounts.descriptors.clear(8);
  on(8);
  expect(world.fdinfo).toBe(3);
});

test('the quick way agrees with the long one, or leaves it to it', () => {
  const { mounts } = table();
  const paths = ['/data/x', '/x', '/', '//proc/x', '/./data', '/data/my share/x', '/p', '/a/../data', 'x', '', '/é'];
  for (const path of paths) {
    const sure = mounts.mountOf(path, 0);
    expect([-1, sure]).toContain(mounts.quickMountOf(path));
  }
  expect(mounts.quickMountOf('/home/x')).toBe(mounts.mountOf('/home/x', 0));
  expect(mounts.quickMountOf('/data/x')).toBe(mounts.mountOf('/data/x', 0));
  expect([mounts.quickMountOf(7), mounts.quickMountOf(Buffer.from('/x')), mounts.quickMountOf('x')]).toEqual([
    -1, -1, -1,
  ]);
});

test('ignored paths are told apart, in whatever form they come; a callback that throws ignores nothing', () => {
  const { mounts } = table({ ignorePath: (path) => path.startsWith('/data') });
  expect(mounts.mountOf('/data/x', 0)).toBe(IGNORED);
  expect(mounts.mountOf(pathToFileURL('/data/x'), 0)).toBe(IGNORED);
  expect(mounts.mountOf('/proc/x', 0)).not.toBe(IGNORED);
  expect(mounts.quickMountOf('/proc/x')).toBe(-1);
  const throwing = table({
    ignorePath: () => {
      throw new Error('x');
    },
  });
  expect(throwing.on('/data/x')).toBe('unknown');
});

test('what a target is called: its path, or the path behind its descriptor', () => {
  const { mounts } = table();
  expect(mounts.describe('/a')).toBe('/a');
  expect(mounts.describe({ fd: 7 })).toBe('/data/my share/x');
  expect(mounts.describe(8)).toBeUndefined();
  expect(mounts.describe({})).toBeUndefined();
});
