import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';

const FILES_PER_SEARCH = 6;

/** `GET /search?q=`: reads a handful of files at once, then scans them synchronously. */
export function registerSearch(app: FastifyInstance, dataDir: string): void {
  app.get('/search', async (request: FastifyRequest<{ Querystring: { q?: string } }>) => {
    const words = tokenise(request.query.q ?? '', effortMs(request, 'before'));
    const folder = join(dataDir, 'journal');
    const names = (await readdir(folder)).filter((name) => /^\d.*\.log$/.test(name));
    const first = (words[0]?.length ?? 0) % Math.max(1, names.length - FILES_PER_SEARCH);
    const chosen = names.slice(first, first + FILES_PER_SEARCH);
    const texts = await Promise.all(chosen.map((name) => readFile(join(folder, name), 'latin1')));
    return { words, matches: countMatches(texts, words, effortMs(request, 'after')) };
  });
}

function tokenise(query: string, effort: number): string[] {
  const until = performance.now() + effort;
  let words: string[] = [];
  do {
    words = query
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => word.length > 2);
  } while (performance.now() < until);
  return words;
}

function countMatches(texts: readonly string[], words: readonly string[], effort: number): number {
  const until = performance.now() + effort;
  let matches = 0;
  do {
    matches = 0;
    for (const text of texts) for (const word of words) matches += text.split(word).length - 1;
  } while (performance.now() < until);
  return matches;
}
