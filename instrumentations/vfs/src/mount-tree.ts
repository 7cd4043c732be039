/** Finds the longest mount point that a path lies under. */
export interface MountTree {
  /**
   * @param path absolute, without `.` and `..` segments; repeated slashes are fine
   * @returns the value of the deepest mount point above it, `none` without one
   */
  find(path: string): number;
  /** Whether a mount point lies below this directory (not: at it). */
  hasBelow(directory: string): boolean;
}

const SLASH = 47;

/** Nodes of a character trie in arrays: 0 is the root, which stands for the empty prefix. */
interface Trie {
  readonly code: number[];
  readonly firstChild: number[];
  readonly nextSibling: number[];
  readonly value: number[];
}

function childOf(trie: Trie, parent: number, code: number): number {
  let node = trie.firstChild[parent] ?? -1;
  while (node !== -1 && trie.code[node] !== code) node = trie.nextSibling[node] ?? -1;
  return node;
}

function addChild(trie: Trie, parent: number, code: number): number {
  const node = trie.code.push(code) - 1;
  trie.firstChild.push(-1);
  trie.nextSibling.push(trie.firstChild[parent] ?? -1);
  trie.value.push(-1);
  trie.firstChild[parent] = node;
  return node;
}

function insert(trie: Trie, mountpoint: string, value: number): void {
  let node = 0;
  for (let index = 0; index < mountpoint.length; index++) {
    const code = mountpoint.charCodeAt(index);
    const known = childOf(trie, node, code);
    node = known === -1 ? addChild(trie, node, code) : known;
  }
  trie.value[node] = value;
}

/** The node that a whole directory leads to, -1 without one; trailing slashes do not count. */
function nodeOf(trie: Trie, directory: string): number {
  let node = 0;
  const end = directory.replace(/\/+$/, '').length;
  for (let index = 0; index < end && node !== -1; index++) node = childOf(trie, node, directory.charCodeAt(index));
  return node;
}

/**
 * Builds the tree. A look-up walks the path only as far as it agrees with some mount point: with the usual handful of
 * mounts it stops after two or three characters, which is cheaper than hashing the directory, and nothing is cached
 * that could grow or go stale.
 * @param mountpoints absolute; of two equal ones the later covers the earlier, as mounts do
 * @param none what `find` returns when no mount point fits
 */
export function createMountTree(mountpoints: Iterable<readonly [string, number]>, none: number): MountTree {
  const trie: Trie = { code: [0], firstChild: [-1], nextSibling: [-1], value: [-1] };
  let root = none;
  for (const [mountpoint, value] of mountpoints) {
    if (mountpoint === '/') root = value;
    else insert(trie, mountpoint, value);
  }
  const codes = Int32Array.from(trie.code);
  const firstChildren = Int32Array.from(trie.firstChild);
  const nextSiblings = Int32Array.from(trie.nextSibling);
  const values = Int32Array.from(trie.value);
  const child = (parent: number, code: number): number => {
    let node = firstChildren[parent] as number;
    while (node !== -1 && codes[node] !== code) node = nextSiblings[node] as number;
    return node;
  };
  const valueAt = (node: number, otherwise: number): number => {
    const value = values[node] as number;
    return value === -1 ? otherwise : value;
  };
  return {
    find(path): number {
      let found = root;
      let node = 0;
      let isAfterSlash = false;
      for (let index = 0; index < path.length; index++) {
        const code = path.charCodeAt(index);
        const isSlash = code === SLASH;
        // A repeated slash is one slash; the first after a name ends a mount point.
        if (isSlash && isAfterSlash) continue;
        if (isSlash) found = valueAt(node, found);
        isAfterSlash = isSlash;
        node = child(node, code);
        if (node === -1) return found;
      }
      return valueAt(node, found);
    },
    hasBelow(directory): boolean {
      const node = nodeOf(trie, directory);
      return node !== -1 && childOf(trie, node, SLASH) !== -1;
    },
  };
}
