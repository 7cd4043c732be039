import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { between, createRandom, pick, type Random } from './random.ts';

export const PRODUCTS = 160;
export const DAYS = 28;
export const DOCUMENTS = 12;

const WORDS = 'amber basin cedar delta ember fjord grove harbor inlet juniper kelp lagoon meadow nectar orchid'.split(
  ' ',
);
const DAMAGED_EVERY = 37;

/** The folders that the service works in. */
export interface DataFolders {
  readonly data: string;
  /** On another mount than `data` where the machine offers one, so that the report has two to tell apart. */
  readonly cache: string;
  remove(): void;
}

/** Writes the files of the sample shop into fresh temporary folders; the same seed writes the same files. */
export function createDataFolders(seed: number): DataFolders {
  const random = createRandom(seed);
  const data = mkdtempSync(join(tmpdir(), 'sonde-quickstart-'));
  const cache = mkdtempSync(join(fastFolder() ?? data, 'sonde-quickstart-cache-'));
  for (const folder of ['products', 'journal', 'documents']) mkdirSync(join(data, folder));
  for (let i = 1; i <= PRODUCTS; i++) writeFileSync(join(data, 'products', `p${i}.json`), product(random, i));
  for (let day = 1; day <= DAYS; day++) writeFileSync(join(data, 'journal', `${dayName(day)}.log`), journal(random));
  for (let i = 1; i <= DOCUMENTS; i++) writeFileSync(join(data, 'documents', `d${i}.txt`), prose(random, 192 * 1024));
  return {
    data,
    cache,
    remove: () => {
      for (const folder of [data, cache]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function dayName(day: number): string {
  return `2024-02-${String(day).padStart(2, '0')}`;
}

function product(random: Random, number: number): string {
  const tags = Array.from({ length: 12 }, () => pick(random, WORDS));
  const whole = JSON.stringify({
    id: `p${number}`,
    title: `${pick(random, WORDS)} ${pick(random, WORDS)}`,
    cents: between(random, 199, 99_900),
    tags,
  });
  return number % DAMAGED_EVERY === 0 ? whole.slice(0, whole.length / 2) : whole;
}

function journal(random: Random): string {
  let text = '';
  for (let i = between(random, 150, 500); i > 0; i--)
    text += `${random() < 0.05 ? 'error' : 'info'} ${pick(random, WORDS)} ${pick(random, WORDS)} ${i}\n`;
  return text;
}

function prose(random: Random, bytes: number): string {
  let text = '';
  while (text.length < bytes) text += `${pick(random, WORDS)} `;
  return text.slice(0, bytes);
}

function fastFolder(): string | undefined {
  const folder = '/dev/shm';
  try {
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
}
