import { isAbsolute, relative, resolve, sep } from 'node:path';

const DEFAULT_FILE = 'trace.json';

/**
 * Where the trace goes: a name that was given is one from where the user stands.
 * @param standsIn the folder that the user stands in
 * @returns the file, and how the user can name it: short where it lies below that folder, whole elsewhere
 */
export function outputFile(given: string | undefined, standsIn: string): { file: string; shown: string } {
  const file = given === undefined ? resolve(DEFAULT_FILE) : resolve(standsIn, given);
  const path = relative(standsIn, file);
  const isBelow = path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
  return { file, shown: isBelow ? path : file };
}
