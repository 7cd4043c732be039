import { join } from 'node:path';
import { pick, type Random } from '../random.ts';
import type { Client } from './client.ts';
import type { PlannedRequest } from './requests.ts';
import { makeFifos, type SlowFile, type SlowFileConfig, slowFile } from './slow-file.ts';
import type { Tally } from './tally.ts';

/** A request that will have to wait for a file made for it. */
export interface SlowRequest extends Omit<SlowFileConfig, 'slowness'> {
  readonly request: PlannedRequest;
}

/** @param name of the file, in letters, digits and hyphens */
export function slowRequest(route: string, name: string, dataDir: string): SlowRequest {
  const request: PlannedRequest = { method: 'GET', route, path: route.replace(/:\w+/, name) };
  const [, folder = ''] = route.split('/');
  const file = { products: `${name}.json`, journal: `${name}.log`, documents: `${name}.txt` }[folder] ?? name;
  const content =
    folder === 'products'
      ? JSON.stringify({ id: name, title: 'a slow product', cents: 100, tags: ['slow'] })
      : 'info a line that took its time\n'.repeat(20);
  return { request, path: join(dataDir, folder, file), content };
}

/** Sends requests and serves the files that they wait for. */
export interface SlowRequests {
  /** The FIFO of the request must be there; it is gone afterwards. Resolves with the answer. */
  send(slow: SlowRequest, delayMs: number, slowness: SlowFileConfig['slowness']): Promise<void>;
  /** Lets every reader of a slow file go on, for an early end. */
  releaseAll(): void;
}

export function createSlowRequests(client: Client, tally: Tally): SlowRequests {
  const files = new Set<SlowFile>();
  return {
    send: async ({ request, path, content }, delayMs, slowness) => {
      const file = slowFile({ path, content, slowness });
      const answered = new AbortController();
      files.add(file);
      tally.sent(request);
      const answer = client.send(request).then((one) => {
        tally.answered(request, one);
        answered.abort();
      });
      await Promise.all([answer, file.serve(delayMs, answered.signal)]);
      files.delete(file);
      file.remove();
    },
    releaseAll: () => {
      for (const file of files) {
        file.release();
        file.remove();
      }
    },
  };
}

export interface Batch {
  readonly routes: readonly string[];
  readonly count: number;
  /** The files are called this, a hyphen and a number. */
  readonly name: string;
  readonly dataDir: string;
}

/** Slow requests to random routes, their FIFOs made. */
export async function slowBatch(random: Random, { routes, count, name, dataDir }: Batch): Promise<SlowRequest[]> {
  const made = Array.from({ length: count }, (_, i) => slowRequest(pick(random, routes), `${name}-${i}`, dataDir));
  await makeFifos(made.map(({ path }) => path));
  return made;
}
