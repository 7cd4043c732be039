import { createHmac, randomBytes } from 'node:crypto';

/**
 * What telemetry says of a path:
 * - `none`: nothing;
 * - `hashed`: a keyed hash, the same for the same path within this process, no use to anybody else;
 * - `redacted`: directories and extension, with file names and whatever looks like an identifier replaced by `*`;
 * - `full`: the path as it is, control characters and lone surrogates replaced.
 */
export type PathPolicy = 'none' | 'hashed' | 'redacted' | 'full';

/** All policies, for validation and messages. */
export const PATH_POLICIES: readonly PathPolicy[] = ['none', 'hashed', 'redacted', 'full'];

/** Longer paths are cut: Linux allows 4,096 bytes, an attribute needs fewer. */
const MAX_LENGTH = 512;
const MAX_EXTENSION = 10;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
/** A segment that names somebody or something: an id, a hash, a date, a mail address, a temporary name. */
const IDENTIFIER = /@|\d{3}|^\d+$|^(?=.*\d)[\da-f-]{8,}$|^[\w-]{24,}$/i;
/** Directories whose children are people. */
const HOMES: ReadonlySet<string> = new Set(['home', 'Users']);

/** Makes any string fit for a log line or an attribute: no control characters, no lone surrogates, bounded length. */
export function printable(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return cut.toWellFormed().replace(CONTROL, '�');
}

function redactedName(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  return extension.length > 1 && extension.length <= MAX_EXTENSION && !IDENTIFIER.test(extension)
    ? `*${extension}`
    : '*';
}

function redacted(path: string): string {
  const segments = path.split('/');
  const last = segments.length - 1;
  return segments
    .map((segment, index) => {
      if (segment === '' || segment === '.' || segment === '..') return segment;
      if (index === last) return redactedName(segment);
      const isPerson = HOMES.has(segments[index - 1] ?? '');
      return isPerson || IDENTIFIER.test(segment) ? '*' : segment;
    })
    .join('/');
}

/**
 * Creates the function that applies a policy; it returns undefined for `none`. Microseconds a call: for slow and
 * failed operations only.
 * @param key of the hash; by default a random one, so that hashes cannot be looked up in a dictionary of paths
 */
export function createPathRedactor(
  policy: PathPolicy,
  key: string | Uint8Array = randomBytes(16),
): (path: string) => string | undefined {
  switch (policy) {
    case 'none':
      return () => undefined;
    case 'hashed':
      return (path) => createHmac('sha256', key).update(path).digest('hex').slice(0, 16);
    case 'redacted':
      return (path) => printable(redacted(path));
    case 'full':
      return printable;
  }
}
