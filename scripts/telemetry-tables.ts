import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Telemetry } from '@sonde/instrumentation-kit';

/** The top folder of the repository. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

const TABLE = join('src', 'semantic-names.ts');

/** The `TELEMETRY` of each package that has a table, by package name. */
export async function loadTelemetry(): Promise<Telemetry[]> {
  const folders = ['packages', 'instrumentations'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name)),
  );
  const files = folders.map((folder) => join(folder, TABLE)).filter((file) => existsSync(file));
  const tables: Telemetry[] = [];
  for (const file of files) {
    const { TELEMETRY } = (await import(pathToFileURL(file).href)) as { TELEMETRY?: Telemetry };
    if (TELEMETRY === undefined) throw new Error(`${file} must export TELEMETRY`);
    tables.push(TELEMETRY);
  }
  return tables.sort((a, b) => a.scope.localeCompare(b.scope, 'en'));
}
