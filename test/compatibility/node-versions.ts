/** The Node binaries of the matrix: the floor, and the latest of each release line, from the `node` package of npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installApplication, plainEnvironment, temporaryFolder } from '../packaging/published.ts';

export const NODE_VERSIONS = ['22.15.0', '22', '24', '26'] as const;

export interface NodeBinary {
  /** As asked for: `22.15.0`, or `22` for the latest of that line. */
  readonly wanted: string;
  readonly version: string;
  readonly path: string;
}

/**
 * Finds or downloads one; they stay in a cache folder of this user, each 100 to 200 MB.
 * @throws RangeError for what is no version; Error when there is no such version to be had
 */
export async function nodeBinary(wanted: string): Promise<NodeBinary> {
  if (!/^\d+(\.\d+){0,2}$/.test(wanted))
    throw new RangeError(`--node must be versions such as 22.15.0 or 24, got ${wanted}`);
  const cache = cacheFolder();
  const version = /^\d+\.\d+\.\d+$/.test(wanted) ? wanted : latestOf(wanted, cache);
  const folder = join(cache, version);
  if (!existsSync(folder)) {
    const fresh = temporaryFolder('node');
    await installApplication(fresh, { node: version }, ['node']);
    try {
      renameSync(fresh, folder);
    } catch (error) {
      // Somebody else was faster.
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
  }
  return { wanted, version, path: join(folder, 'node_modules', 'node', 'bin', 'node') };
}

function cacheFolder(): string {
  const user = process.getuid?.() ?? 'user';
  const folder = join(tmpdir(), `sonde-compat-${user}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A folder that somebody else made under a well-known name could hold any binary.
  if (process.getuid !== undefined && statSync(folder).uid !== user)
    throw new Error(`${folder} belongs to somebody else`);
  return folder;
}

/** The newest release of a line; without a registry, the newest that is in the cache. */
function latestOf(line: string, cache: string): string {
  const { status, stdout } = spawnSync('npm', ['view', `node@${line}`, 'version', '--json', '--loglevel=silent'], {
    cwd: cache,
    env: plainEnvironment(),
    encoding: 'utf8',
  });
  const released = status === 0 && stdout.trim() !== '' ? ([JSON.parse(stdout)].flat() as string[]) : [];
  const known = released.length > 0 ? released : readdirSync(cache).filter((name) => name.startsWith(`${line}.`));
  const newest = known.sort((left, right) => left.localeCompare(right, 'en', { numeric: true })).at(-1);
  if (newest === undefined) throw new Error(`node@${line}: the registry does not offer it, and none is in ${cache}`);
  return newest;
}
