import { createMountTree, type MountTree } from './mount-tree.ts';
import { parseMountinfo } from './mountinfo.ts';
import type { ProcFiles } from './proc-files.ts';
import type { Mount } from './types.ts';

/** Index of the mount that cannot be told: another operating system, no /proc, a pipe. */
export const UNKNOWN = 0;
/** Index that stands for files which the application asked not to count. */
export const IGNORED = 0xfffe;
const OTHER = 1;

/** Distinct mounts that get series of their own; later ones share `other`. */
export const MAX_MOUNTS = 1000;
/** Rows of a mount table that are taken in: some 6 MB of tree at most. Below a later one, paths fall to the mount above. */
const MAX_ROWS = 4096;
const REFRESH_MS = 30_000;
/** A mount table so large that reading it takes long is read more rarely: 1/10,000 of the time at most. */
const REFRESH_SHARE = 10_000;

/** The mounts as they were when last read. Indices are small, stable, and never reused. */
export interface MountSnapshot {
  readonly tree: MountTree;
  /** The tree's `byFirstCharacter`: always the same array, for those who look at it often. */
  readonly quick: Int32Array;
  /** Index by the kernel's mount id. */
  readonly byId: ReadonlyMap<number, number>;
  /** When they were read: the `nowMs` of that call. NaN before the first time. */
  readonly readAtMs: number;
  /** Reads them again when that is 30 s ago. One comparison otherwise. */
  refresh(nowMs: number): void;
  /** What telemetry says of an index. */
  mount(index: number): Mount;
}

/** Names by index, and the other way round. */
interface Names {
  indexOf(mount: Mount): number;
  at(index: number): Mount;
}

function createNames(): Names {
  const unknown: Mount = { mountpoint: 'unknown', type: 'unknown' };
  const mounts: Mount[] = [unknown, { mountpoint: 'other', type: 'other' }];
  const indices = new Map<string, number>();
  return {
    at: (index) => mounts[index] ?? unknown,
    indexOf({ mountpoint, type }): number {
      const key = `${mountpoint}\0${type}`;
      const known = indices.get(key);
      if (known !== undefined) return known;
      if (mounts.length >= MAX_MOUNTS) return OTHER;
      const index = mounts.push({ mountpoint, type }) - 1;
      indices.set(key, index);
      return index;
    },
  };
}

/** Creates it empty; the first `refresh` reads. */
export function createMountSnapshot(proc: Pick<ProcFiles, 'mountinfo'>, now: () => number): MountSnapshot {
  const names = createNames();
  let text: string | undefined;
  let tree = createMountTree([], UNKNOWN);
  const quick = tree.byFirstCharacter.slice();
  let byId: ReadonlyMap<number, number> = new Map();
  let readAtMs = Number.NaN;
  let staleAtMs = Number.NEGATIVE_INFINITY;

  const take = (mountinfo: string): void => {
    const entries = parseMountinfo(mountinfo, MAX_ROWS);
    const indexed = entries.map((entry) => ({ ...entry, index: names.indexOf(entry) }));
    tree = createMountTree(
      indexed.map(({ mountpoint, index }) => [mountpoint, index] as const),
      UNKNOWN,
    );
    quick.set(tree.byFirstCharacter);
    byId = new Map(indexed.map(({ id, index }) => [id, index]));
  };

  return {
    quick,
    get tree(): MountTree {
      return tree;
    },
    get byId(): ReadonlyMap<number, number> {
      return byId;
    },
    get readAtMs(): number {
      return readAtMs;
    },
    refresh(nowMs): void {
      if (nowMs < staleAtMs) return;
      readAtMs = nowMs;
      const present = proc.mountinfo();
      if (present !== text) take(present ?? '');
      text = present;
      staleAtMs = nowMs + Math.max(REFRESH_MS, (now() - nowMs) * REFRESH_SHARE);
    },
    mount: names.at,
  };
}
