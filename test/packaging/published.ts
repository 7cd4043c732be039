/**
 * The packages as users get them: found in the workspaces, packed by `npm pack`, installed by `npm install` into folders
 * outside the repository, where nothing of its node_modules can hide what is missing.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface PublishedPackage {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface PackedPackage extends PublishedPackage {
  readonly tarball: string;
  /** Paths inside the tarball. */
  readonly files: readonly string[];
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Every workspace that is not private. */
export function publishedPackages(): PublishedPackage[] {
  const { workspaces } = readManifest(ROOT) as unknown as { workspaces: string[] };
  return workspaces
    .flatMap((pattern) => {
      const parent = join(ROOT, dirname(pattern));
      return existsSync(parent) ? readdirSync(parent).map((entry) => join(parent, entry)) : [];
    })
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }));
}

/** Packs every published package into `destination`, as it stands in dist: build first. */
export function packAll(destination: string): PackedPackage[] {
  const packages = publishedPackages();
  const unbuilt = packages.filter(({ folder }) => !existsSync(join(folder, 'dist', 'index.js')));
  if (unbuilt.length > 0) throw new Error(`not built: ${unbuilt.map(({ name }) => name)}; run npm run build`);
  mkdirSync(destination, { recursive: true });
  const workspaces = packages.flatMap(({ name }) => ['-w', name]);
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['pack', '--json', `--pack-destination=${destination}`, ...workspaces],
    {
      cwd: ROOT,
      env: plainEnvironment(),
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    },
  );
  if (status !== 0) throw new Error(`npm pack failed\n${stdout}\n${stderr}`);
  const packed = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[];
  return packages.map((published) => {
    const entry = packed.find(({ name }) => name === published.name);
    if (entry === undefined) throw new Error(`npm pack left out ${published.name}`);
    return { ...published, tarball: join(destination, entry.filename), files: entry.files.map(({ path }) => path) };
  });
}

/** A fresh folder under the system's temporary one, with links resolved as Node resolves them. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(realpathSync(tmpdir()), `sonde-${name}-`));
}

/**
 * Makes `folder` an application that depends on `dependencies` and runs `npm install` in it, from npm's own cache where
 * it can. Install scripts run only for `allowScripts`. @throws Error with npm's output.
 */
export async function installApplication(
  folder: string,
  dependencies: Readonly<Record<string, string>>,
  allowScripts: readonly string[] = [],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const scripts = Object.fromEntries(allowScripts.map((name) => [name, true]));
  const manifest = { name: 'application', private: true, dependencies, allowScripts: scripts };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const child = spawn('npm', ['install', ...flags], {
    cwd: folder,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`npm install failed (code ${code}) in ${folder}\n${output}`);
}

/** Whether packages can be had at all; says loudly what is skipped when they cannot. */
export function registryAnswers(whatIsSkipped: string): boolean {
  const flags = ['--prefer-online', '--fetch-retries=0', '--fetch-timeout=10000', '--loglevel=silent'];
  const { status } = spawnSync('npm', ['view', 'zod', 'version', ...flags], { cwd: tmpdir(), env: plainEnvironment() });
  if (status !== 0) process.stderr.write(`\n*** NOT TESTED, no package registry answers: ${whatIsSkipped} ***\n\n`);
  return status === 0;
}

/** npm's spec of a tarball. */
export function fileSpec({ tarball }: PackedPackage): string {
  return `file:${tarball}`;
}

/**
 * The environment without what npm, jest, coverage or a user's own telemetry settings put there, and with this process's
 * Node in front of the PATH.
 */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.test(entry[0]),
  );
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, ...extra };
}

const FOREIGN =
  /^(npm_(package|lifecycle)_.*|npm_config_(local_prefix|package_lock)|INIT_CWD|NODE_ENV|NODE_OPTIONS|NODE_V8_COVERAGE|JEST_WORKER_ID|(OTEL|SONDE)_.*)$/i;
