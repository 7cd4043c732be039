/** Which mount each open descriptor belongs to. */
export interface Descriptors {
  /** The mount of a descriptor, -1 when nothing is known of it. A bounds check and an array read. */
  mountOf(fd: number): number;
  /** Remembers it: at open, and again when the number is reused. */
  set(fd: number, mount: number): void;
  /** Forgets it: before close, because the number may be reused before close reports back. */
  clear(fd: number): void;
}

/** Descriptors from here on are not remembered: 128 KB are enough for one thread. */
const MAX_DESCRIPTORS = 65_536;
const FIRST_SIZE = 1024;

/** Creates an empty table that grows with the descriptors in use. */
export function createDescriptors(): Descriptors {
  // 0: unknown, otherwise mount + 1.
  let table = new Uint16Array(FIRST_SIZE);
  const isKept = (fd: number): boolean => Number.isInteger(fd) && fd >= 0 && fd < MAX_DESCRIPTORS;
  const grow = (fd: number): void => {
    const larger = new Uint16Array(Math.min(MAX_DESCRIPTORS, 2 ** Math.ceil(Math.log2(fd + 1))));
    larger.set(table);
    table = larger;
  };
  return {
    mountOf: (fd) => (table[fd] ?? 0) - 1,
    set(fd, mount): void {
      if (!isKept(fd)) return;
      if (fd >= table.length) grow(fd);
      table[fd] = mount + 1;
    },
    clear(fd): void {
      if (isKept(fd) && fd < table.length) table[fd] = 0;
    },
  };
}
