import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random } from '../random.ts';
import type { Client } from './client.ts';
import type { PlannedFault } from './faults.ts';
import type { Fault, LoadMessage, Slowness } from './protocol.ts';
import { healthyRequestOf, type PlannedRequest } from './requests.ts';
import { createSlowFile, type SlowFile } from './slow-file.ts';
import type { Tally } from './tally.ts';

export interface InjectorConfig {
  readonly client: Client;
  readonly tally: Tally;
  readonly dataDir: string;
  readonly random: Random;
  /** Gets each fault when it starts and when it ended. */
  readonly report: (message: LoadMessage) => void;
}

export interface Injector {
  /** Does the fault; resolves when the request that carried it got its answer. */
  inject(planned: PlannedFault, id: number): Promise<void>;
  /** Lets every reader of a slow file go on, for an early end. */
  releaseAll(): void;
}

const SERVE_AGAIN_MS = 2_000;

/** Starts faults inside the service by nothing but requests and files. */
export function createInjector(config: InjectorConfig): Injector {
  const { client, tally, dataDir, random, report } = config;
  const slowFiles = new Set<SlowFile>();

  const carry = async (fault: Fault, request: PlannedRequest, headers?: Record<string, string>): Promise<void> => {
    report({ type: 'fault', ...fault });
    tally.sent(request);
    const answer = await client.send(request, headers);
    tally.answered(request, answer);
    report({ type: 'fault-end', id: fault.id, endMs: Date.now(), status: answer.status });
  };

  const slow = async (planned: PlannedFault, id: number): Promise<void> => {
    const { kind, durationMs, route } = planned;
    const slowness: Slowness = pick(random, ['late writer', 'late data']);
    const { request, path, content } = slowRequest(route, id, dataDir);
    const file = createSlowFile({ path, content, slowness });
    slowFiles.add(file);
    let isServed = false;
    const served = carry({ id, kind, durationMs, route, startMs: Date.now(), slowness, path }, request).finally(() => {
      isServed = true;
    });
    await sleep(durationMs);
    while (!isServed) {
      file.release();
      await Promise.race([served, sleep(SERVE_AGAIN_MS)]);
    }
    slowFiles.delete(file);
    file.remove();
  };

  return {
    inject: async (planned, id) => {
      if (planned.kind === 'slow-file') return slow(planned, id);
      const { kind, durationMs, route, phase, culprit } = planned;
      const headers = { 'x-effort': `${phase}=${durationMs}` };
      await carry(
        { id, kind, durationMs, route, phase, culprit, startMs: Date.now() },
        healthyRequestOf(route, random),
        headers,
      );
    },
    releaseAll: () => {
      for (const file of slowFiles) {
        file.release();
        file.remove();
      }
    },
  };
}

function slowRequest(
  route: string,
  id: number,
  dataDir: string,
): { request: PlannedRequest; path: string; content: string } {
  const name = `slow-${id}`;
  const request: PlannedRequest = { method: 'GET', route, path: route.replace(/:\w+/, name) };
  const [, folder = ''] = route.split('/');
  const file = { products: `${name}.json`, journal: `${name}.log`, documents: `${name}.txt` }[folder] ?? name;
  const content =
    folder === 'products'
      ? JSON.stringify({ id: name, title: 'a slow product', cents: 100, tags: ['slow'] })
      : 'info a line that took its time\n'.repeat(20);
  return { request, path: join(dataDir, folder, file), content };
}
