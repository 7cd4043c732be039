// Runs after tsc: beside the modules of each published package one file that holds them all, which is what `exports`
// names. A module costs about 0.2 ms to load, and a preload loads some 300 of ours in every process and thread.
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const ENDING = '.bundle.js';
const root = join(import.meta.dirname, '..');

/** Modules of a package that it loads by name, some time or never. */
const LOADED_LATER = {
  '@sonde/node': [
    'http-instrumentation',
    'node-sdk-configuration',
    'preload',
    'runtime',
    'undici-instrumentation',
    'worker-runtime',
  ],
};

/** The names of the bundles that a package.json exports. */
function exported({ exports = {} }) {
  const targets = Object.values(exports).map((target) => target.default ?? '');
  return targets.filter((path) => path.endsWith(ENDING)).map((path) => basename(path, ENDING));
}

async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const names = exported(manifest);
  const dist = join(folder, 'dist');
  if (!existsSync(join(dist, 'index.js'))) return;
  for (const old of globSync(`*${ENDING}*`, { cwd: dist })) rmSync(join(dist, old));
  const entries = [...names, ...(LOADED_LATER[manifest.name] ?? [])];
  await build({
    absWorkingDir: dist,
    entryPoints: entries.map((name) => `./${name}.js`),
    outdir: '.',
    entryNames: '[name].bundle',
    chunkNames: 'shared-[hash].bundle',
    bundle: true,
    // What two entries need is one module: its state must not be there twice.
    splitting: entries.length > 1,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
}

await Promise.all(
  globSync('{packages,instrumentations}/*/package.json', { cwd: root }).map((path) =>
    bundle(join(root, dirname(path))),
  ),
);
