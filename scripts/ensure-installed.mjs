// Runs before `npm start`, `npm test` and friends on whatever Node the machine has (20 is enough): installs what a fresh
// clone, a changed package.json or an interrupted install lacks, and otherwise leaves within milliseconds, touching no
// network. The `node` devDependency brings the Node that the scripts themselves run on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.sonde-installed');
const nodeBinary = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** The package.json of the root and of every workspace. */
function readManifests() {
  const { workspaces } = readJson(join(root, 'package.json'));
  const folders = workspaces.flatMap((pattern) => {
    const parent = join(root, dirname(pattern));
    return existsSync(parent) ? readdirSync(parent).map((entry) => join(parent, entry)) : [];
  });
  const paths = [root, ...folders.sort()].map((folder) => join(folder, 'package.json'));
  return paths.filter((path) => existsSync(path)).map(readJson);
}

/** Changes when something changes that an install depends on: a dependency of any workspace, or the platform. */
function fingerprint(manifests) {
  const fields = ['name', 'version', 'bin', 'dependencies', 'devDependencies', 'peerDependencies', 'overrides'];
  const relevant = manifests.map((manifest) => fields.map((field) => manifest[field] ?? null));
  return createHash('sha256')
    .update(JSON.stringify([process.platform, process.arch, relevant]))
    .digest('hex');
}

/** npm writes its list of what it installed last, so an interrupted install leaves none, or one that names what is gone. */
function isWhole() {
  try {
    const { packages } = readJson(join(modules, '.package-lock.json'));
    return existsSync(nodeBinary) && Object.keys(packages).every((path) => existsSync(join(root, path)));
  } catch {
    return false;
  }
}

function isInstalled(state) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === state && isWhole();
}

/** Runs npm: the one that runs this script, where that is npm. */
function npm(...args) {
  const cli = process.env.npm_execpath ?? '';
  const [command, prefix] = /npm-cli\.c?js$/.test(cli) ? [process.execPath, [cli]] : ['npm', []];
  const { status } = spawnSync(command, [...prefix, ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // All of it to stderr: the output of the script that this runs before may be read by a program.
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  return status === 0;
}

/** Whether there is at least some version of everything that is asked for. */
function hasEveryName(manifests) {
  const names = manifests.flatMap(({ dependencies, devDependencies }) =>
    Object.keys({ ...dependencies, ...devDependencies }),
  );
  return names.every((name) => existsSync(join(modules, name)));
}

const manifests = readManifests();
const state = fingerprint(manifests);
if (!isInstalled(state)) {
  console.error('sonde: installing dependencies (npm install), this takes about a minute the first time ...');
  // What an interrupted or script-less install left of the node package counts as installed for npm: run its script again.
  const isDone = npm('install') && (existsSync(nodeBinary) || npm('rebuild', 'node'));
  if (isDone && isWhole()) {
    writeFileSync(stamp, state);
  } else if (isWhole() && hasEveryName(manifests)) {
    console.error('sonde: npm install failed (no network?); going on with the node_modules that is there.');
  } else {
    console.error('sonde: npm install failed; run it by hand in the repository root to see why.');
    process.exit(1);
  }
}
