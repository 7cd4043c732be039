import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Random, shuffle } from '../random.ts';
import { popularityOf } from './requests.ts';

/** Files of a route that fail whoever asks for them. */
export interface DamagedFiles {
  /** Of the requests to the route: those that ask for one of them. */
  readonly share: number;
  repair(): void;
}

const AWAY = '.away';

/**
 * Damages files of the route until about `share` of the visitors ask for one: products lose their second half, days and
 * documents are taken away.
 */
export function damageFiles(random: Random, route: string, share: number, dataDir: string): DamagedFiles {
  const folder = join(dataDir, route.split('/')[1] ?? '');
  const repairs: (() => void)[] = [];
  let reached = 0;
  for (const name of shuffle(random, readdirSync(folder))) {
    if (reached >= share) break;
    const popularity = popularityOf(route, name);
    if (popularity === 0 || !statSync(join(folder, name)).isFile()) continue;
    repairs.push(route.startsWith('/products') ? truncate(join(folder, name)) : takeAway(join(folder, name)));
    reached += popularity;
  }
  return {
    share: reached,
    repair: () => {
      for (const repair of repairs.splice(0)) repair();
    },
  };
}

/** Replaced in one step: no reader sees a file that is being written. */
function truncate(file: string): () => void {
  const whole = readFileSync(file);
  const replace = (content: Buffer): void => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  replace(whole.subarray(0, whole.length / 2));
  return () => replace(whole);
}

function takeAway(file: string): () => void {
  renameSync(file, file + AWAY);
  return () => renameSync(file + AWAY, file);
}
