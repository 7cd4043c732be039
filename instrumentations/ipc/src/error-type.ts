/** Longest name told: an error may come from anywhere. */
const MAX_LENGTH = 80;

function own(error: object): unknown {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : name;
}

/** What `error.type` says of an error: its code, else its name (`DataCloneError`), `_OTHER` where it has neither. */
export function errorType(error: unknown): string {
  try {
    const type = typeof error === 'object' && error !== null ? own(error) : undefined;
    return typeof type === 'string' && type !== '' ? type.slice(0, MAX_LENGTH) : '_OTHER';
  } catch {
    // A getter that throws.
    return '_OTHER';
  }
}
