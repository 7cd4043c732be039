/** Finds the longest mount point that a path lies under. */
export interface MountTree {
  /**
   * @param path absolute, without `..` segments; `.` segments and repeated slashes are fine
   * @returns the value of the deepest mount point above it, or what the tree has for none
   */
  find(path: string): number;
  /** Whether a mount point lies below this directory (not: at it). */
  hasBelow(directory: string): boolean;
  /**
   * The value by the low 7 bits of the character after the first slash, where that alone tells: most paths part from
   * every mount point there. -1: `find` has to tell.
   */
  readonly byFirstCharacter: Int32Array;
}

const SLASH = 47;
const DOT = 46;
const NONE = -1;
const LOW_BITS = 127;

function isDotSegment(path: string, index: number): boolean {
  if (path.charCodeAt(index) !== DOT) return false;
  const next = path.charCodeAt(index + 1);
  return next === SLASH || Number.isNaN(next);
}

/** Nodes of a character trie in arrays; node 0 stands for the empty prefix. */
class MountTrie implements MountTree {
  readonly #codes: Int32Array;
  readonly #children: Int32Array;
  readonly #siblings: Int32Array;
  readonly #values: Int32Array;
  readonly byFirstCharacter: Int32Array;
  readonly #root: number;
  #size = 1;

  constructor(mountpoints: readonly (readonly [string, number])[], none: number) {
    const most = mountpoints.reduce((sum, [mountpoint]) => sum + mountpoint.length, 1);
    this.#codes = new Int32Array(most);
    this.#children = new Int32Array(most).fill(NONE);
    this.#siblings = new Int32Array(most).fill(NONE);
    this.#values = new Int32Array(most).fill(NONE);
    let root = none;
    for (const [mountpoint, value] of mountpoints) {
      if (mountpoint === '/') root = value;
      else this.#insert(mountpoint, value);
    }
    this.#root = root;
    this.byFirstCharacter = new Int32Array(LOW_BITS + 1).fill(root);
    // `//proc` and `/./proc` are under /proc as well.
    for (const code of [SLASH, DOT]) this.byFirstCharacter[code] = NONE;
    for (const [mountpoint] of mountpoints) {
      if (mountpoint !== '/') this.byFirstCharacter[mountpoint.charCodeAt(1) & LOW_BITS] = NONE;
    }
  }

  hasBelow(directory: string): boolean {
    const name = directory.replace(/\/+$/, '');
    let node = 0;
    for (let index = 0; index < name.length && node !== NONE; index++) node = this.#child(node, name.charCodeAt(index));
    return node !== NONE && this.#child(node, SLASH) !== NONE;
  }

  find(path: string): number {
    let found = this.#root;
    let node = 0;
    let isAfterSlash = false;
    for (let index = 0; index < path.length; index++) {
      const code = path.charCodeAt(index);
      const isSlash = code === SLASH;
      // A repeated slash, or `.` between two, is one slash; the first after a name ends a mount point.
      if (isAfterSlash && (isSlash || isDotSegment(path, index))) continue;
      if (isSlash) found = this.#valueAt(node, found);
      isAfterSlash = isSlash;
      node = this.#child(node, code);
      if (node === NONE) return found;
    }
    return this.#valueAt(node, found);
  }

  #child(parent: number, code: number): number {
    let node = this.#children[parent] as number;
    while (node !== NONE && this.#codes[node] !== code) node = this.#siblings[node] as number;
    return node;
  }

  #valueAt(node: number, otherwise: number): number {
    const value = this.#values[node] as number;
    return value === NONE ? otherwise : value;
  }

  #insert(mountpoint: string, value: number): void {
    let node = 0;
    for (let index = 0; index < mountpoint.length; index++) {
      const code = mountpoint.charCodeAt(index);
      const known = this.#child(node, code);
      node = known === NONE ? this.#add(node, code) : known;
    }
    this.#values[node] = value;
  }

  #add(parent: number, code: number): number {
    const node = this.#size++;
    this.#codes[node] = code;
    this.#siblings[node] = this.#children[parent] as number;
    this.#children[parent] = node;
    return node;
  }
}

/**
 * Builds the tree. A look-up walks the path only as far as it agrees with some mount point: with the usual handful of
 * mounts it stops at the first character, which is cheaper than hashing the directory, and nothing is cached that
 * could grow or go stale.
 * @param mountpoints absolute; of two equal ones the later covers the earlier, as mounts do
 * @param none what `find` returns when no mount point fits
 */
export function createMountTree(mountpoints: readonly (readonly [string, number])[], none: number): MountTree {
  return new MountTrie(mountpoints, none);
}
