import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from './load.ts';

/** What a process of the service did under load. */
export interface LoadSample {
  /** CPU time of the whole process (all threads) per request, in nanoseconds. */
  readonly cpuNanosPerRequest: number;
  readonly requestsPerSecond: number;
}

/** How a process of the service came up. */
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

/** A running process of the service. */
export interface Service {
  readonly url: string;
  readonly startMs: number;
  /** One second of load, and a moment for what it left behind. */
  burst(path: string): Promise<LoadSample>;
  close(): Promise<void>;
}

interface Usage {
  readonly requests: number;
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

const SERVICE = fileURLToPath(new URL('./service.ts', import.meta.url));
const BURST_SECONDS = 1;
const SETTLE_MS = 150;
const FIRST_REQUESTS = 100;

export async function startService({ nodeArgs, env }: Setup): Promise<Service> {
  const child = spawn(process.execPath, [...nodeArgs, SERVICE], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url, startMs } = await firstLine(child.stdout);
  return {
    url,
    startMs,
    burst: async (path) => {
      const before = await usage(url);
      const from = performance.now();
      await load(url + path, BURST_SECONDS);
      const seconds = (performance.now() - from) / 1_000;
      // What was queued for export belongs to this burst, not to that of the next process.
      await sleep(SETTLE_MS);
      const after = await usage(url);
      const requests = after.requests - before.requests;
      return {
        cpuNanosPerRequest: ((after.cpuMicros - before.cpuMicros) * 1_000) / requests,
        requestsPerSecond: requests / seconds,
      };
    },
    close: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

export async function takeStartSample(setup: Setup, path: string): Promise<StartSample> {
  const service = await startService(setup);
  try {
    for (let i = 0; i < FIRST_REQUESTS; i++) await (await fetch(service.url + path)).text();
    return { startMs: service.startMs, rssBytes: (await usage(service.url)).rssBytes };
  } finally {
    await service.close();
  }
}

async function firstLine(output: NodeJS.ReadableStream): Promise<{ url: string; startMs: number }> {
  for await (const line of createInterface({ input: output })) return JSON.parse(line);
  throw new Error('sample: the service ended before it listened');
}

async function usage(url: string): Promise<Usage> {
  return (await (await fetch(`${url}/usage`)).json()) as Usage;
}
