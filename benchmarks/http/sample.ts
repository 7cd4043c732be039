import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { load } from './load.ts';

/** What one fresh process of the service did under load. */
export interface LoadSample {
  /** CPU time of the whole process (all threads) per request, in nanoseconds. */
  readonly cpuNanosPerRequest: number;
  readonly requestsPerSecond: number;
}

/** How one fresh process of the service came up. */
export interface StartSample {
  /** From the start of the process to the first moment that it accepts a connection. */
  readonly startMs: number;
  /** Resident memory after a hundred requests, one after another. */
  readonly rssBytes: number;
}

/** How a process of the service is started. */
export interface Setup {
  /** Arguments of Node before the script: the preload. */
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Usage {
  readonly requests: number;
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

const SERVICE = fileURLToPath(new URL('./service.ts', import.meta.url));
const WARMUP_SECONDS = 2;
const SECONDS = 3;
const FIRST_REQUESTS = 100;

/** Two seconds of load to warm up, three that count. */
export function takeLoadSample(setup: Setup, path: string): Promise<LoadSample> {
  return withService(setup, async (url) => {
    await load(url + path, WARMUP_SECONDS);
    const before = await usage(url);
    const from = performance.now();
    await load(url + path, SECONDS);
    const seconds = (performance.now() - from) / 1_000;
    const after = await usage(url);
    const requests = after.requests - before.requests;
    return {
      cpuNanosPerRequest: ((after.cpuMicros - before.cpuMicros) * 1_000) / requests,
      requestsPerSecond: requests / seconds,
    };
  });
}

export function takeStartSample(setup: Setup, path: string): Promise<StartSample> {
  return withService(setup, async (url, startMs) => {
    for (let i = 0; i < FIRST_REQUESTS; i++) await (await fetch(url + path)).text();
    return { startMs, rssBytes: (await usage(url)).rssBytes };
  });
}

async function withService<T>({ nodeArgs, env }: Setup, use: (url: string, startMs: number) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [...nodeArgs, SERVICE], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const { url, startMs } = await firstLine(child.stdout);
    return await use(url, startMs);
  } finally {
    if (child.exitCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  }
}

async function firstLine(output: NodeJS.ReadableStream): Promise<{ url: string; startMs: number }> {
  for await (const line of createInterface({ input: output })) return JSON.parse(line);
  throw new Error('sample: the service ended before it listened');
}

async function usage(url: string): Promise<Usage> {
  return (await (await fetch(`${url}/usage`)).json()) as Usage;
}
