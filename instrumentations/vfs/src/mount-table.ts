import { resolve } from 'node:path';
import { createDescriptors, type Descriptors } from './descriptors.ts';
import { createMountSnapshot, IGNORED, type MountSnapshot, UNKNOWN } from './mount-snapshot.ts';
import type { MountTree } from './mount-tree.ts';
import type { ProcFiles } from './proc-files.ts';
import { descriptorOf, pathOf } from './targets.ts';
import type { Mount } from './types.ts';

/** What the table needs from its surroundings. */
export interface MountTableConfig {
  readonly proc: ProcFiles;
  readonly cwd: () => string;
  readonly now: () => number;
  readonly ignorePath: ((path: string) => boolean) | undefined;
}

/** Tells which mount a file is on. */
export interface MountTable {
  /** The mount of a path, Buffer, file URL, descriptor, FileHandle or Dir; never throws. Some 15 ns for a string. */
  mountOf(target: unknown, nowMs: number): number;
  /** The mount of a plain absolute path as the mounts were last read; -1 for whatever takes longer to tell. */
  quickMountOf(path: unknown): number;
  /** What telemetry says of an index. */
  mount(index: number): Mount;
  /** The path of a target, if need be of an open descriptor: a readlink. For slow and failed operations. */
  describe(target: unknown): string | undefined;
  readonly descriptors: Descriptors;
  /** When the mounts were read last: the `nowMs` of that look-up. */
  readonly refreshedAtMs: number;
}

/** The working directory as last seen, and what follows from it. */
interface WorkingDirectory {
  readonly path: string;
  readonly tree: MountTree;
  readonly mount: number;
  /** No mount lies below it: a relative path without `..` stays on its mount. */
  readonly isWhole: boolean;
}

const SLASH = 47;
const UPWARD_SEGMENT = /(?:^|\/)\.\.(?:\/|$)/;

/** Whether a path goes upwards, which can lead to any mount. Two dots are seldom in a path: the search is short. */
function goesUp(path: string): boolean {
  return path.indexOf('..') !== -1 && UPWARD_SEGMENT.test(path);
}

/** Tells the mount of relative paths; the working directory is looked up again when it has changed. */
function createRelative(cwd: () => string, mounts: MountSnapshot): (path: string) => number {
  const look = (path: string): WorkingDirectory => {
    const { tree } = mounts;
    return { path, tree, mount: tree.find(path), isWhole: !tree.hasBelow(path) };
  };
  let working = look('/');
  return (path) => {
    const directory = cwd();
    if (directory !== working.path || mounts.tree !== working.tree) working = look(directory);
    return working.isWhole && !goesUp(path) ? working.mount : mounts.tree.find(resolve(directory, path));
  };
}

/** Creates the table; nothing is read before the first look-up. Symbolic links are not followed: no path costs a call. */
export function createMountTable({ proc, cwd, now, ignorePath }: MountTableConfig): MountTable {
  const descriptors = createDescriptors();
  const mounts = createMountSnapshot(proc, now);
  const { quick } = mounts;
  const mountOfRelative = createRelative(cwd, mounts);

  const quickMountOf = (path: unknown): number => {
    if (typeof path !== 'string' || path.charCodeAt(0) !== SLASH || path.indexOf('..') !== -1) return -1;
    const mount = quick[path.charCodeAt(1) & 127] as number;
    return mount === -1 ? mounts.tree.find(path) : mount;
  };

  const mountOfPath = (path: string): number => {
    const mount = quickMountOf(path);
    if (mount !== -1) return mount;
    if (path.charCodeAt(0) !== SLASH) return mountOfRelative(path);
    return mounts.tree.find(goesUp(path) ? resolve(path) : path);
  };

  const mountOfDescriptor = (fd: number): number => {
    if (fd < 0) return UNKNOWN;
    const known = descriptors.mountOf(fd);
    if (known !== -1) return known;
    // Opened before us, or by somebody else: the kernel knows. Asked once for each descriptor.
    const id = proc.mountIdOf(fd);
    const mount = (id === undefined ? undefined : mounts.byId.get(id)) ?? UNKNOWN;
    descriptors.set(fd, mount);
    return mount;
  };

  const mountOfAny = (target: unknown): number => {
    const path = pathOf(target);
    if (path === undefined) return mountOfDescriptor(descriptorOf(target));
    return ignorePath?.(path) === true ? IGNORED : mountOfPath(path);
  };

  return {
    descriptors,
    mount: mounts.mount,
    get refreshedAtMs(): number {
      return mounts.readAtMs;
    },
    quickMountOf: ignorePath === undefined ? quickMountOf : () => -1,
    mountOf(target, nowMs): number {
      try {
        mounts.refresh(nowMs);
        return typeof target === 'string' && ignorePath === undefined ? mountOfPath(target) : mountOfAny(target);
      } catch {
        // The working directory may be gone, or `ignorePath` may throw.
        return UNKNOWN;
      }
    },
    describe(target): string | undefined {
      const path = pathOf(target);
      if (path !== undefined) return path;
      const fd = descriptorOf(target);
      return fd >= 0 ? proc.pathOf(fd) : undefined;
    },
  };
}
