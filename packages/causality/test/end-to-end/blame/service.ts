/**
 * A service whose `/victim` is made slow by the injectors that it is asked for. Prints its port, and after each request
 * what it did to it and what blame tells, as JSON.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { CausalitySpanProcessor } from '@sonde/causality';
import { IpcInstrumentation } from '@sonde/instrumentation-ipc';
import { SchedulerInstrumentation, SchedulerSpanProcessor } from '@sonde/instrumentation-scheduler';
import { VfsInstrumentation } from '@sonde/instrumentation-vfs';
import type { Truth } from './injector.ts';
import { block, listensOn } from './injectors/blocked-loop.ts';
import { starvedMs } from './injectors/burn.ts';
import { INJECTORS, type InjectorName } from './injectors/index.ts';

const names = (process.argv[2] ?? '').split(',') as InjectorName[];
const injectors = [...new Set(names)].map((name) => INJECTORS[name]);

const collector: SpanProcessor = {
  onStart: () => undefined,
  onEnd: tell,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const sdk = new NodeSDK({
  instrumentations: [
    new HttpInstrumentation(),
    new VfsInstrumentation(),
    new SchedulerInstrumentation(),
    new IpcInstrumentation(),
  ],
  spanProcessors: [new SchedulerSpanProcessor(), new CausalitySpanProcessor({ next: collector })],
});
sdk.start();
// An import of http would be linked before the SDK has patched it.
const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');
syncBuiltinESMExports();

/** By the number of the request, which its span has in its path. */
const truths = new Map<string, Truth[]>();
/** For how long the thread was without a CPU meanwhile. */
const starved = new Map<string, number>();

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function tell(span: ReadableSpan): void {
  const target = String(span.attributes['url.path'] ?? span.attributes['http.target'] ?? '');
  if (!target.startsWith('/victim/')) return;
  const wallMs = span.duration[0] * 1e3 + span.duration[1] / 1e6;
  const blame = Object.entries(span.attributes).filter(([name]) => name.startsWith('sonde.blame.'));
  say({
    run: target.split('/')[2],
    wallMs,
    starvedMs: starved.get(target) ?? 0,
    blame: Object.fromEntries(blame),
    truths: truths.get(target) ?? [],
  });
}

/** One after the other, or at once: `/victim/RUN/gc=200/pool=300`, with `+` before the path of those at once. */
async function victim(path: string): Promise<void> {
  const isTogether = path.includes('/together/');
  const steps = path.split('/').filter((step) => step.includes('='));
  const inject = (step: string): Promise<Truth> => {
    const [name, ms] = step.split('=') as [InjectorName, string];
    return INJECTORS[name].inject(Number(ms));
  };
  const done: Truth[] = [];
  truths.set(path, done);
  const before = starvedMs();
  if (isTogether) done.push(...(await Promise.all(steps.map(inject))));
  else for (const step of steps) done.push(await inject(step));
  starved.set(path, starvedMs() - before);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/block') await block(Number(searchParams.get('ms')), searchParams.get('mode') === 'after');
  if (pathname.startsWith('/victim/')) await victim(pathname);
  response.end('done\n');
}

async function main(): Promise<void> {
  for (const injector of injectors) await injector.prepare?.();
  const server = http.createServer((request, response) => void handle(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  listensOn(port);
  say({ port });
  process.stdin.resume().on('end', () => {
    void (async () => {
      for (const injector of injectors) await injector.cleanup?.();
      process.exit(0);
    })();
  });
}

void main();
