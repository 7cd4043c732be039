import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GovernorDescription } from '@sonde/sampling';

/** What `/usage` answers. */
export interface ServiceUsage {
  readonly requests: number;
  /** CPU time of the event-loop thread since the process began. */
  readonly threadMicros: number;
  readonly atMs: number;
  readonly governor: GovernorDescription | undefined;
}

export interface MeasuredService {
  readonly url: string;
  usage(): Promise<ServiceUsage>;
  close(): Promise<void>;
}

const SERVICE = fileURLToPath(new URL('./service.ts', import.meta.url));

/** Starts the service in a process of its own, with a module that observes it. */
export async function startMeasuredService(
  preload: string,
  env: Readonly<Record<string, string>>,
): Promise<MeasuredService> {
  const args = ['--conditions=@sonde/source', '--import', new URL(preload, import.meta.url).href, SERVICE];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let url = '';
  for await (const line of createInterface({ input: child.stdout })) {
    url = (JSON.parse(line) as { url: string }).url;
    break;
  }
  if (url === '') throw new Error('overhead: the service ended before it listened');
  return {
    url,
    usage: async () => (await (await fetch(`${url}/usage`)).json()) as ServiceUsage,
    close: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
