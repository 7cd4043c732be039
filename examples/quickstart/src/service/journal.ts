import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';

const NAME = /^[a-z0-9-]{1,64}$/;
const CHUNK_BYTES = 16 * 1024;

/** `GET /journal/:day`: counts the entries of one day, read piece by piece through a FileHandle. */
export function registerJournal(app: FastifyInstance, dataDir: string): void {
  app.get('/journal/:day', async (request: FastifyRequest<{ Params: { day: string } }>, reply) => {
    const { day } = request.params;
    const weekday = weekdayOf(day, effortMs(request, 'before'));
    if (!NAME.test(day)) return reply.code(404).send({ error: 'no such day' });
    const handle = await open(join(dataDir, 'journal', `${day}.log`), 'r');
    try {
      const text = await readWhole(handle);
      return { day, weekday, ...countLevels(text, effortMs(request, 'after')) };
    } finally {
      await handle.close();
    }
  });
}

async function readWhole(handle: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const pieces: string[] = [];
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return pieces.join('');
    pieces.push(buffer.toString('latin1', 0, bytesRead));
  }
}

function weekdayOf(day: string, effort: number): string {
  const until = performance.now() + effort;
  let weekday = '';
  do {
    weekday = new Date(day).toLocaleDateString('en-GB', { weekday: 'long' });
  } while (performance.now() < until);
  return weekday;
}

function countLevels(text: string, effort: number): { entries: number; errors: number } {
  const until = performance.now() + effort;
  let counted = { entries: 0, errors: 0 };
  do {
    const lines = text.split('\n');
    counted = { entries: lines.length - 1, errors: lines.filter((line) => line.startsWith('error')).length };
  } while (performance.now() < until);
  return counted;
}
