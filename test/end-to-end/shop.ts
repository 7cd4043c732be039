import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { createDataFolders, type DataFolders } from '../../examples/quickstart/src/data.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
export const QUICKSTART = join(ROOT, 'examples', 'quickstart');
/** The built preload, as an installed package would have it. */
export const REGISTER = pathToFileURL(join(ROOT, 'packages', 'node', 'dist', 'register.js')).href;

const PATIENCE_MS = 20_000;

/** The quickstart's service, running with Sonde preloaded. */
export interface Shop {
  readonly url: string;
  readonly metricsUrl: string;
  readonly folders: DataFolders;
  /** Ends it as an operator would; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** For `afterAll`: leaves nothing behind, whatever the state. */
  dispose(): Promise<void>;
}

export async function startShop(env: Record<string, string>): Promise<Shop> {
  const folders = createDataFolders(1);
  const metricsPort = await freePort();
  const child = spawn(process.execPath, ['--import', REGISTER, join(QUICKSTART, 'src', 'service', 'main.ts')], {
    cwd: QUICKSTART,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: '0',
      DATA_DIR: folders.data,
      CACHE_DIR: folders.cache,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const [, url = ''] = /^listening on (\S+)$/.exec(await firstLine(child)) ?? [];
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  return {
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    folders,
    stop: () => stop('SIGTERM'),
    dispose: async () => {
      await stop('SIGKILL');
      folders.remove();
    },
  };
}

/** A port of 127.0.0.1 on which nobody listens at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks again and again until the answer is there. @throws Error after 20 s, naming what was waited for */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const giveUp = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > giveUp) throw new Error(`waited ${PATIENCE_MS / 1_000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) return '';
  for await (const line of createInterface({ input: child.stdout })) return line;
  return '';
}
