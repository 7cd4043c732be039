/**
 * The code of a failure for `error.type`: `ENOENT`, `ERR_INVALID_ARG_TYPE`, `ABORT_ERR`; else the class of the error,
 * else `_OTHER`. Whatever was thrown is the application's object: it is only looked at, and its getters may throw.
 */
export function errorCode(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return '_OTHER';
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (typeof code === 'string' && code !== '') return code;
    return typeof name === 'string' && name !== '' ? name : '_OTHER';
  } catch {
    return '_OTHER';
  }
}
