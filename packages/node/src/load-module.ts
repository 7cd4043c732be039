import { createRequire } from 'node:module';
import { extname } from 'node:path';

const load = createRequire(import.meta.url);
const EXTENSION = extname(import.meta.filename);

/** Loads a package now, and not before. What a process does not need costs it nothing. */
export function loadPackage<T>(name: string): T {
  return load(name) as T;
}

/** The same for a file beside this one, by its name without extension. */
export function loadSibling<T>(name: string): T {
  return load(`./${name}${EXTENSION}`) as T;
}
