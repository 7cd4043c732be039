/**
 * Blame in a worker thread, and at the end of a process that ends by itself or is ended: prints each span that is handed
 * on, with its blame.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';
import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { CausalitySpanProcessor } from '@sonde/causality';
import { SchedulerInstrumentation, SchedulerSpanProcessor } from '@sonde/instrumentation-scheduler';

const how = process.argv[2] ?? '';

function say(span: { name: string; attributes: object }): void {
  const blame = Object.entries(span.attributes).filter(([name]) => name.startsWith('sonde.blame.'));
  writeSync(1, `${JSON.stringify({ name: span.name, isMainThread, ...Object.fromEntries(blame) })}\n`);
}

const printing = {
  onStart: () => undefined,
  onEnd: (span: object) => say(span as never),
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};

function burn(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

function start(): (name: string) => Span {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  new SchedulerInstrumentation({ blockedLoop: false });
  const spanProcessors = [new SchedulerSpanProcessor(), new CausalitySpanProcessor({ next: printing }) as never];
  const tracer = new TracerProvider({ spanProcessors }).getTracer('worker-program');
  return (name) => tracer.startSpan(name, {}, ROOT_CONTEXT);
}

/** One request waits while another holds the loop. */
async function block(startSpan: (name: string) => Span): Promise<void> {
  const victim = startSpan('victim');
  await setTimeout(20);
  const culprit = startSpan('culprit');
  context.with(trace.setSpan(ROOT_CONTEXT, culprit), () => burn(150));
  culprit.end();
  // Soon: later it would be a wait for a timer that nobody knows of, not one behind the other request.
  await setTimeout(1);
  victim.end();
}

async function main(): Promise<void> {
  const startSpan = start();
  await setTimeout(20);
  await block(startSpan);
  if (how === 'exit') process.exit(0);
}

if (how === 'worker' && isMainThread)
  new Worker(new URL(import.meta.url), { argv: ['worker'], execArgv: process.execArgv });
else void main();
