import { basename, dirname } from 'node:path';

const PACKAGES = 'node_modules/';
const EVAL = 'eval';
const DATA = 'data:';

/** The package that a file belongs to, e.g. `@scope/name`. */
function packageOf(path: string): string | undefined {
  const at = path.lastIndexOf(PACKAGES);
  if (at === -1) return undefined;
  const [first = '', second = ''] = path.slice(at + PACKAGES.length).split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/**
 * What a thread or process is called: the base name of its script, behind the package that it belongs to. Of low
 * cardinality and without the folders of the machine.
 * @param script what `new Worker` or `fork` was given
 */
export function peerName(script: unknown, isEval = false): string {
  if (isEval) return EVAL;
  const text = typeof script === 'string' ? script : script instanceof URL ? script.href : '';
  if (text.startsWith(DATA)) return 'data';
  const path = text.replaceAll('\\', '/').split(/[?#]/, 1)[0] ?? '';
  const name = basename(path) || basename(dirname(path)) || 'unknown';
  const owner = packageOf(path);
  return owner === undefined ? name : `${owner}/${name}`;
}
