import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startNameServer } from './dns-stub.ts';
import type { Told } from './score.ts';

/** Where getaddrinfo asks, in a mount namespace with a resolv.conf of its own. */
const NAME_SERVER = '127.53.53.53';

/** A request to make: injectors with their milliseconds, one after the other or all at once. */
export interface Plan {
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  readonly isTogether: boolean;
}

/** The world outside of the service. */
interface World {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  close(): void;
}

let groups = 0;

function startDownstream(): Promise<Server> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    setTimeout(() => response.end('late'), Number(searchParams.get('ms')));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function startWorld(names: readonly string[]): Promise<World> {
  const needsLookup = names.includes('dnsLookup');
  const group = names.includes('cpuQuota') ? `/sys/fs/cgroup/cpu/sonde-blame-${process.pid}-${groups++}` : undefined;
  if (group !== undefined) mkdirSync(group);
  const folder = mkdtempSync(join(tmpdir(), 'sonde-blame-'));
  const server = await startDownstream();
  const nameServer = await startNameServer(0, '127.0.0.1');
  const lookups = needsLookup ? await startNameServer(53, NAME_SERVER) : undefined;
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${NAME_SERVER}\noptions timeout:10\n`);
  return {
    folder,
    env: {
      BLAME_FOLDER: folder,
      BLAME_DOWNSTREAM_PORT: String((server.address() as AddressInfo).port),
      BLAME_DNS_PORT: String(nameServer.address().port),
      BLAME_CGROUP: group ?? '',
    },
    close(): void {
      server.close();
      server.closeAllConnections();
      nameServer.close();
      lookups?.close();
      if (group !== undefined) rmdirSync(group);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function spawnService(names: readonly string[], world: World): ChildProcess {
  const node = process.env.SONDE_TEST_NODE ?? process.execPath;
  const program = join(import.meta.dirname, process.env.BLAME_SERVICE ?? 'service.ts');
  const command = [node, '--conditions=@sonde/source', '--expose-gc', program, names.join(',')];
  const mount = `mount --bind ${join(world.folder, 'resolv.conf')} /etc/resolv.conf && exec "$@"`;
  const [file, ...args] = names.includes('dnsLookup')
    ? ['unshare', '-m', 'sh', '-c', mount, 'sh', ...command]
    : command;
  return spawn(file as string, args, {
    env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '4', ...world.env },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 240_000,
    killSignal: 'SIGKILL',
  });
}

/** The lines of a service, as they come. */
class Lines {
  readonly #waiting: ((line: unknown) => void)[] = [];
  readonly #lines: unknown[] = [];

  constructor(child: ChildProcess) {
    if (child.stdout === null) throw new Error('the service has no output');
    createInterface(child.stdout).on('line', (line) => {
      const message = JSON.parse(line) as unknown;
      const next = this.#waiting.shift();
      if (next === undefined) this.#lines.push(message);
      else next(message);
    });
    child.on('close', (code, signal) => {
      for (const next of this.#waiting.splice(0)) next({ error: `the service ended with ${code ?? signal}` });
    });
  }

  async next<T>(): Promise<T> {
    const message = this.#lines.shift() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
    const { error } = message as { error?: string };
    if (error !== undefined) throw new Error(error);
    return message as T;
  }
}

function request(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = get({ port, path, host: '127.0.0.1', agent: false }, (response) => {
      response.resume().on('end', resolve);
    });
    sent.on('error', reject);
  });
}

function pathOf({ steps, isTogether }: Plan, run: number): string {
  const list = steps.map(({ name, ms }) => `${name}=${Math.round(ms)}`).join('/');
  return `/victim/${run}/${isTogether ? 'together/' : ''}${list}`;
}

/** Starts a service that has the injectors of all plans, makes one request for each plan, and ends it. */
export async function runService(plans: readonly Plan[]): Promise<Told[]> {
  const names = [...new Set(plans.flatMap(({ steps }) => steps.map(({ name }) => name)))];
  const world = await startWorld(names);
  const child = spawnService(names, world);
  const closed = new Promise((resolve) => child.on('close', resolve));
  const lines = new Lines(child);
  const told: Told[] = [];
  try {
    const { port } = await lines.next<{ port: number }>();
    // The first request is slow for reasons of its own: code is compiled.
    await request(port, '/');
    for (const [run, plan] of plans.entries()) {
      await request(port, pathOf(plan, run));
      told.push(await lines.next<Told>());
    }
  } finally {
    child.stdin?.end();
    await closed;
    world.close();
  }
  return told;
}
