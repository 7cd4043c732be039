/** Checks of saved states, which may come from a file that somebody else wrote. */

type Range = readonly [least: number, most: number];

/** The members of a state. @throws TypeError for what is no object, RangeError for another version */
export function readFields(what: string, state: unknown, version?: number): Readonly<Record<string, unknown>> {
  if (typeof state !== 'object' || state === null) {
    throw new TypeError(`${what}: must be an object, got ${String(state)}`);
  }
  const fields = state as Readonly<Record<string, unknown>>;
  if (version !== undefined && fields.version !== version) {
    throw new RangeError(`${what}: version must be ${version}, got ${String(fields.version)}`);
  }
  return fields;
}

/** A finite number within a range, ends included. @throws RangeError */
export function readFinite(what: string, field: string, value: unknown, [least, most]: Range): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new RangeError(`${what}: ${field} must be a number from ${least} to ${most}, got ${String(value)}`);
  }
  return value;
}

/** A whole number within a range, ends included. @throws RangeError */
export function readInteger(what: string, field: string, value: unknown, [least, most]: Range): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new RangeError(`${what}: ${field} must be a whole number from ${least} to ${most}, got ${String(value)}`);
  }
  return value as number;
}

/** A number of things that happened. @throws RangeError */
export function readCount(what: string, field: string, value: unknown): number {
  return readInteger(what, field, value, [0, Number.MAX_SAFE_INTEGER]);
}
