import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unobserved } from '@sonde/instrumentation-kit';

const API_NAME = '@opentelemetry/api';
/** Directories between a file of the API package and its package.json, at most. */
const MAX_DEPTH = 5;
const FRAMES = 10;

function versionAbove(file: string): string | undefined {
  let directory = dirname(file);
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === API_NAME) return version;
      // Builds have manifests of their own, e.g. {"type":"module"}.
      if (name !== undefined) return undefined;
    } catch {
      // None here: look further up.
    }
    directory = dirname(directory);
  }
  return undefined;
}

function callers(): string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_error, sites): string[] => sites.map((site) => String(site.getFileName() ?? ''));
    return (new Error('callers').stack ?? []) as unknown as string[];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/**
 * The version of the `@opentelemetry/api` copy that is calling, from the package.json beside it; undefined when it is
 * bundled. Reads files: only for the few calls that register something.
 */
export function callingApiVersion(): string | undefined {
  return unobserved(() => {
    for (const file of callers()) {
      const path = file.startsWith('file:') ? fileURLToPath(file) : file;
      const version = path.includes(API_NAME) ? versionAbove(path) : undefined;
      if (version !== undefined) return version;
    }
    return undefined;
  });
}

/** The later of two versions, by major, minor and patch. */
export function laterVersion(left: string, right: string): string {
  const numbers = (version: string): number[] => version.split(/[.-]/, 3).map(Number);
  const [a, b] = [numbers(left), numbers(right)];
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 || (a[at] ?? 0) > (b[at] ?? 0) ? left : right;
}

/** The version of the `@opentelemetry/api` that Sonde itself uses. */
export function ownApiVersion(): string {
  return versionAbove(createRequire(import.meta.url).resolve(API_NAME)) ?? '1.9.0';
}
