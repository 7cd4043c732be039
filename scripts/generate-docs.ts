// Writes the pages of docs/ that are made from tables in the code. `--check` writes nothing and fails when one of them
// is not what would be written.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CONFIGURATION } from '@sonde/node';
import { renderConfiguration } from './render-configuration.ts';
import { renderTelemetry } from './render-telemetry.ts';
import { loadTelemetry, ROOT } from './telemetry-tables.ts';

const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** As the linter wants it: columns aligned. */
function format(path: string, text: string): string {
  const args = [BIOME, 'format', `--stdin-file-path=${path}`];
  return execFileSync(process.execPath, args, { cwd: ROOT, input: text, encoding: 'utf8' });
}

const pages = {
  'docs/telemetry.md': renderTelemetry(await loadTelemetry()),
  'docs/configuration.md': renderConfiguration(CONFIGURATION),
};

const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, page] of Object.entries(pages)) {
  const file = join(ROOT, path);
  const text = format(path, page);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale.push(path);
  if (!isCheck) writeFileSync(file, text);
}
if (isCheck && stale.length > 0) {
  console.error(`Not current: ${stale.join(', ')}. Run \`npm run docs\` and commit what it writes.`);
  process.exitCode = 1;
} else if (!isCheck) {
  console.log(stale.length === 0 ? 'Everything was current.' : `Wrote ${stale.join(', ')}.`);
}
