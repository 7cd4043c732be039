import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChromeTrace } from './types.ts';

const EVENTS_A_CHUNK = 500;
const OWNER_ONLY = 0o600;

/**
 * Writes a trace to a file as JSON, piece by piece: a big one would exceed the longest string there can be. The file is
 * made readable for its owner only, one that was there before too, since attributes of spans may say more than everybody
 * should know.
 * @throws whatever the file system has against it
 */
export async function writeChromeTrace(file: string, trace: ChromeTrace): Promise<void> {
  const handle = await open(file, 'w', OWNER_ONLY);
  try {
    await handle.chmod(OWNER_ONLY);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await pipeline(Readable.from(chunksOf(trace)), handle.createWriteStream());
}

function* chunksOf({ traceEvents, ...rest }: ChromeTrace): Iterable<string> {
  // Names before events: viewers read from the beginning.
  yield `${JSON.stringify(rest).slice(0, -1)},"traceEvents":[\n`;
  for (let i = 0; i < traceEvents.length; i += EVENTS_A_CHUNK) {
    const lines = traceEvents.slice(i, i + EVENTS_A_CHUNK).map((event) => JSON.stringify(event));
    yield (i === 0 ? '' : ',\n') + lines.join(',\n');
  }
  yield '\n]}\n';
}
