/** One line of /proc/self/mountinfo. */
export interface MountEntry {
  /** Mount id, as `mnt_id` in /proc/self/fdinfo. */
  readonly id: number;
  readonly mountpoint: string;
  readonly type: string;
}

const ESCAPE = /\\([0-7]{3})/g;

/** Undoes the kernel's octal escapes (space, tab, newline, backslash, `#`). */
function unescaped(field: string): string {
  return field.includes('\\')
    ? field.replace(ESCAPE, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    : field;
}

function parseLine(line: string): MountEntry | undefined {
  // 36 35 98:0 /root /mount\040point rw,noatime master:1 shared:2 - ext4 /dev/root rw
  const fields = line.split(' ');
  const id = Number(fields[0]);
  const mountpoint = fields[4];
  // Zero or more optional fields end with a lone hyphen; the type follows it.
  const separator = fields.indexOf('-', 6);
  const type = separator === -1 ? undefined : fields[separator + 1];
  if (!Number.isInteger(id) || mountpoint === undefined || !mountpoint.startsWith('/') || !type) return undefined;
  return { id, mountpoint: unescaped(mountpoint), type: unescaped(type) };
}

/**
 * Parses mountinfo (proc_pid_mountinfo(5)) in the order of the file. Bind mounts are entries like any other. Lines that
 * make no sense are skipped.
 * @param limit entries after which the rest is left unread
 */
export function parseMountinfo(text: string, limit: number = Number.POSITIVE_INFINITY): MountEntry[] {
  const entries: MountEntry[] = [];
  let start = 0;
  while (start < text.length && entries.length < limit) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const entry = parseLine(text.slice(start, end));
    if (entry !== undefined) entries.push(entry);
    start = end + 1;
  }
  return entries;
}
