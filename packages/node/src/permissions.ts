import { unobserved } from '@sonde/instrumentation-kit';

interface Permission {
  has(scope: string, reference?: string): boolean;
}

const permission = (process as { permission?: Permission }).permission;

/**
 * Whether a file may be read under `--permission`. To ask is published as a denial when the answer is no, like the
 * refused read itself would be: it is marked as Sonde's own.
 */
export function mayRead(path: string): boolean {
  return permission === undefined || unobserved(() => permission.has('fs.read', path));
}

/**
 * Whether the network may be used under `--permission`. Node.js 24 does not restrict it and answers no for a scope
 * that it does not know; later ones end the process for a `listen` that is refused.
 */
export function mayUseNetwork(): boolean {
  if (permission === undefined || !process.allowedNodeEnvironmentFlags.has('--allow-net')) return true;
  return unobserved(() => permission.has('net'));
}
