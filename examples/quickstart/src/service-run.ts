import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { DataFolders } from './data.ts';
import { type Preload, samplingEnv } from './preload.ts';
import { describeExit, END_WITH_PARENT, onLine, type Started, startNode } from './processes.ts';

const PATIENCE_MS = 30_000;

/** The flag that preloads a file of the quickstart's own. */
function own(file: string): readonly string[] {
  return ['--import', pathToFileURL(join(import.meta.dirname, 'preloads', file)).href];
}

/** Starts the sample service with Sonde preloaded. @throws Error when it ends or keeps silent before it listens */
export async function startService(
  { nodeArgs, env }: Preload,
  { data, cache }: DataFolders,
  tracesPerSecond: number,
): Promise<{ service: Started; target: string }> {
  const flags = [...own('identity.ts'), ...nodeArgs, ...own('heap-gauge.ts'), ...END_WITH_PARENT];
  const args = [...flags, join(import.meta.dirname, 'service', 'main.ts')];
  const service = startNode(args, {
    env: {
      OTEL_SERVICE_NAME: 'shop',
      ...samplingEnv(tracesPerSecond, env),
      ...env,
      // The report tells the processes apart by what the default detectors find.
      OTEL_NODE_RESOURCE_DETECTORS: '',
      PORT: '0',
      DATA_DIR: data,
      CACHE_DIR: cache,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    return { service, target: await listening(service) };
  } catch (error) {
    service.child.kill('SIGKILL');
    throw error;
  }
}

/** The address that the service prints. */
async function listening({ child, exited }: Started): Promise<string> {
  const address = new Promise<string>((resolve) => {
    onLine(child, (line) => {
      const [, url] = /^listening on (http:\S+)$/.exec(line) ?? [];
      if (url === undefined) process.stderr.write(`${line}\n`);
      else resolve(url);
    });
  });
  const controller = new AbortController();
  const patience = sleep(PATIENCE_MS, 'silent' as const, { signal: controller.signal }).catch(() => 'silent' as const);
  const first = await Promise.race([address, exited, patience]);
  controller.abort();
  if (first === 'silent') throw new Error(`the service did not listen within ${PATIENCE_MS / 1_000} s`);
  if (typeof first !== 'string') throw new Error(`the service ended ${describeExit(first)} before it listened`);
  return first;
}
