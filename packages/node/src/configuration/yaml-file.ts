import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { unobserved } from '@sonde/instrumentation-kit';
import { mayRead } from '../permissions.ts';
import { CONFIG_VARIABLE } from './environment.ts';
import { oneLine, show } from './problems.ts';
import type { Layer } from './schema.ts';

const FILE_NAMES = ['sonde.yaml', 'sonde.yml'];
const MAX_BYTES = 262_144;
/** Aliases resolved, counted with what they expand to; the bound that `yaml` itself recommends against bombs. */
const MAX_ALIASES = 100;

/** What was read, and what stood in the way. */
export interface ConfigurationFile {
  readonly path?: string;
  readonly layer?: Layer;
  readonly problems: readonly string[];
}

const NOTHING: ConfigurationFile = { problems: [] };

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException)?.code ?? error);
}

function readText(path: string): string {
  // A FIFO or a device would block the start for ever.
  const status = statSync(path);
  if (!status.isFile()) throw new Error('it is not a file');
  if (status.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  return readFileSync(path, 'utf8');
}

function parseText(text: string): unknown {
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'error', uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) throw error;
  return document.toJS({ maxAliasCount: MAX_ALIASES });
}

function toLayer(path: string, content: unknown): ConfigurationFile {
  if (content === null || content === undefined) return { path, problems: [] };
  if (typeof content !== 'object' || Array.isArray(content)) {
    return { path, problems: [`${path} must hold "key: value" lines, got ${show(content)}; it is ignored`] };
  }
  const values = content as Readonly<Record<string, unknown>>;
  return { path, layer: { values, place: (key) => `${oneLine(key)} in ${path}` }, problems: [] };
}

function readFile(path: string, isNamed: boolean): ConfigurationFile | undefined {
  if (!mayRead(path)) {
    return isNamed ? { problems: [`${path} may not be read under --permission; its settings are ignored`] } : undefined;
  }
  try {
    return toLayer(path, parseText(readText(path)));
  } catch (error) {
    const code = codeOf(error);
    if (!isNamed && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    // The first line says what and where; a picture of the place follows.
    const [reason] = (error instanceof Error ? error.message : code).split(/:?\n/, 1);
    return {
      problems: [
        `${path} cannot be read: ${oneLine(reason ?? code, 300)}; its settings are ignored until it is corrected`,
      ],
    };
  }
}

/**
 * Reads the configuration file: the one that SONDE_CONFIG names, else `sonde.yaml` or `sonde.yml` in the working
 * directory. Never throws.
 */
export function readConfigurationFile(
  environment: NodeJS.ProcessEnv,
  directory: string | undefined,
): ConfigurationFile {
  const named = environment[CONFIG_VARIABLE]?.trim() ?? '';
  return unobserved(() => (named === '' ? findFile(directory) : readNamed(named, directory)));
}

function readNamed(named: string, directory: string | undefined): ConfigurationFile {
  return readFile(directory === undefined ? named : resolve(directory, named), true) ?? NOTHING;
}

function findFile(directory: string | undefined): ConfigurationFile {
  if (directory === undefined) return NOTHING;
  for (const name of FILE_NAMES) {
    const file = readFile(resolve(directory, name), false);
    if (file !== undefined) return file;
  }
  return NOTHING;
}
