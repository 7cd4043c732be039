/** Load for the measured service, from a process of its own: wrk where it is installed, else a small loop of Node's. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { pathToFileURL } from 'node:url';

export const CONNECTIONS = 32;

/** What makes the load on this machine. */
export const LOAD_TOOL: 'wrk' | 'node' = spawnSync('wrk', ['--version']).error === undefined ? 'wrk' : 'node';

/** Keeps 32 connections busy for `seconds`; every answer is waited for before the next request. */
export async function load(url: string, seconds: number): Promise<void> {
  const [command, args]: [string, string[]] =
    LOAD_TOOL === 'wrk'
      ? ['wrk', ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`, url]]
      : [process.execPath, [import.meta.filename, url, String(seconds)]];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`load: ${command} ended with code ${code}`);
}

function runLoop(url: string, seconds: number): void {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = performance.now() + seconds * 1_000;
  const next = (): void => {
    if (performance.now() >= end) agent.destroy();
    else request(url, { agent }, (response) => response.resume().on('end', next)).end();
  };
  for (let i = 0; i < CONNECTIONS; i++) next();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  runLoop(process.argv[2] ?? '', Number(process.argv[3]));
