import { createRequire } from 'node:module';
import { basename } from 'node:path';

const load = createRequire(import.meta.url);
/** `.ts`, `.js` or `.bundle.js`: what is loaded comes from the same build. */
const ENDING = basename(import.meta.filename).replace(/^[^.]*/, '');

/** Loads a package now, and not before. What a process does not need costs it nothing. */
export function loadPackage<T>(name: string): T {
  return load(name) as T;
}

/** The same for a file beside this one, by its name without extension. */
export function loadSibling<T>(name: string): T {
  return load(`./${name}${ENDING}`) as T;
}
