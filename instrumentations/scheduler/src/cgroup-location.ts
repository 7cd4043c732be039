import { posix } from 'node:path';

/** Where the control group of this process keeps its files on CPU time. */
export interface CgroupLocation {
  readonly version: 1 | 2;
  /** Directories from the own group up to the top of what is mounted. */
  readonly directories: readonly string[];
}

interface Membership {
  readonly hierarchy: string;
  readonly controllers: readonly string[];
  readonly path: string;
}

interface Mount {
  /** Directory of the hierarchy that is the root of the mount. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

function parseMembership(text: string): Membership[] {
  return text
    .split('\n')
    .map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, hierarchy = '', controllers = '', path = '']) => ({
      hierarchy,
      controllers: controllers.split(','),
      path: path.replace(/ \(deleted\)$/, ''),
    }));
}

/** Spaces, tabs, newlines and backslashes are octal escapes: proc(5). */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function parseMounts(text: string): Mount[] {
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .map((fields) => ({ fields, separator: fields.indexOf('-', 6) }))
    .filter(({ fields, separator }) => separator > 0 && fields[separator + 1]?.startsWith('cgroup') === true)
    .map(({ fields, separator }) => ({
      root: decodeOctal(fields[3] ?? ''),
      point: decodeOctal(fields[4] ?? ''),
      type: fields[separator + 1] ?? '',
      options: (fields[separator + 3] ?? '').split(','),
    }));
}

/** The directory of a group under a mount; undefined when the mount does not show it. */
function relativePath(path: string, root: string): string | undefined {
  // A process outside its cgroup namespace sees `/..`; nothing of it is mounted here.
  if (path.split('/').includes('..')) return undefined;
  if (root === '/') return path;
  if (path === root) return '/';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

function upwards(point: string, relative: string): string[] {
  const directories: string[] = [];
  for (let path = posix.normalize(relative); ; path = posix.dirname(path)) {
    directories.push(path === '/' ? point : posix.join(point, path));
    if (path === '/') return directories;
  }
}

function locate(version: 1 | 2, path: string, mounts: readonly Mount[]): CgroupLocation | undefined {
  for (const { root, point } of mounts) {
    const relative = relativePath(path, root);
    if (relative !== undefined) return { version, directories: upwards(point, relative) };
  }
  // A container without a cgroup namespace may show only its own group, mounted over the path of another.
  const [only] = mounts;
  return only === undefined ? undefined : { version, directories: [only.point] };
}

/**
 * Finds the cpu controller of this process. In a hybrid set-up the controller is in a v1 hierarchy, and the unified one
 * holds none: v1 goes first.
 * @param membership text of /proc/self/cgroup
 * @param mountinfo text of /proc/self/mountinfo
 */
export function locateCpuCgroup(membership: string, mountinfo: string): CgroupLocation | undefined {
  const memberships = parseMembership(membership);
  const mounts = parseMounts(mountinfo);
  const first = memberships.find(({ controllers }) => controllers.includes('cpu'));
  const v1Mounts = mounts.filter(({ type, options }) => type === 'cgroup' && options.includes('cpu'));
  const v1 = first === undefined ? undefined : locate(1, first.path, v1Mounts);
  if (v1 !== undefined) return v1;
  const unified = memberships.find(({ hierarchy }) => hierarchy === '0');
  const v2Mounts = mounts.filter(({ type }) => type === 'cgroup2');
  return unified === undefined ? undefined : locate(2, unified.path, v2Mounts);
}
