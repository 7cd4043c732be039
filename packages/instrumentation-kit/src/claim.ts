import { shared } from '@sonde/event-stream';

/**
 * Claims the right to observe something in this thread, so that two instances of an instrumentation (one preloaded,
 * one in the application's own SDK, perhaps from two copies of the package) never count everything twice.
 * @param key what is claimed, e.g. `vfs`
 * @returns a function that gives the claim back, or undefined when somebody else holds it
 */
export function claim(key: string): (() => void) | undefined {
  const claims = shared('kit.claims', () => new Map<string, symbol>());
  if (claims.has(key)) return undefined;
  const mine = Symbol(key);
  claims.set(key, mine);
  return () => {
    if (claims.get(key) === mine) claims.delete(key);
  };
}
