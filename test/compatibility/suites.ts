/** The test suites of the repository, with its own SDK, under another Node. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { plainEnvironment, ROOT } from '../packaging/published.ts';
import type { NodeBinary } from './node-versions.ts';

/** What of it starts programs and workers from .ts files, and what starts only such that any Node can run. */
const ALL = ['packages', 'instrumentations', 'test/preload'];
const WITHOUT_TYPESCRIPT = ['test/preload'];

/** Runs them; the tests that failed. */
export async function suiteFaults({ version, path }: NodeBinary): Promise<string[]> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // Node strips types by itself since 22.18.
  const suites = major > 22 || minor >= 18 ? ALL : WITHOUT_TYPESCRIPT;
  const jest = join(ROOT, 'node_modules', '.bin', 'jest');
  const child = spawn(path, [jest, ...suites, '--silent', '--colors=false', '--forceExit'], {
    cwd: ROOT,
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let report = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    report += text;
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === 0) return [];
  const failed = new Set(report.match(/^ {2}● .+$/gm)?.map((line) => line.slice(4)));
  return failed.size > 0 ? [...failed] : [`jest ended with ${code}: ${report.slice(-500)}`];
}
