// Runs before `npm start`, `npm test` and friends on whatever Node the machine has (20 is enough): installs what a fresh
// clone lacks, then leaves; the `node` devDependency brings the Node that the scripts themselves run on.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const marker = join(root, 'node_modules', '.package-lock.json');
const manifest = join(root, 'package.json');
const isFresh =
  existsSync(marker) &&
  existsSync(join(root, 'node_modules', 'node', 'bin', 'node')) &&
  statSync(marker).mtimeMs >= statSync(manifest).mtimeMs;

if (!isFresh) {
  console.error('sonde: installing dependencies (npm install), this takes about a minute the first time ...');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    console.error('sonde: npm install failed; run it by hand in the repository root to see why.');
    process.exit(status ?? 1);
  }
}
