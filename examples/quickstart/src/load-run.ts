import { join } from 'node:path';
import type { Live, LiveState } from './live.ts';
import type { Fault, LoadMessage, LoadSummary } from './load/protocol.ts';
import type { DemoOptions } from './options.ts';
import { describeExit, END_WITH_PARENT, onLine, type Started, startNode } from './processes.ts';
import { describeFault } from './report/describe-fault.ts';
import { clock } from './report/format.ts';

export interface LoadConfig {
  readonly options: DemoOptions;
  readonly target: string;
  readonly dataDir: string;
  readonly live: Live;
  readonly state: LiveState;
  readonly startMs: number;
  readonly interrupted: AbortSignal;
  /** What the load goes to: without it there is nothing to go on for. */
  readonly service: Started;
}

/** What the load side wrote down. */
export interface LoadLog {
  readonly faults: readonly Fault[];
  /** Undefined when the run was cut short. */
  readonly summary: LoadSummary | undefined;
}

/** Runs the load in its own process to the end. @throws Error when it, or the service, ends before its time */
export async function runLoad(config: LoadConfig): Promise<LoadLog> {
  const { options, target, dataDir, live, state, startMs, interrupted, service } = config;
  const faults = new Map<number, Fault>();
  let summary: LoadSummary | undefined;
  if (interrupted.aborted) return { faults: [], summary };

  const { seconds, seed, rate } = options;
  const args = { target, data: dataDir, seconds, seed, rate, faults: options.faults.join() };
  const load = startNode(
    [
      ...END_WITH_PARENT,
      join(import.meta.dirname, 'load', 'main.ts'),
      ...Object.entries(args).map(([name, value]) => `--${name}=${value}`),
    ],
    { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onLine(load.child, (line) => {
    const message = JSON.parse(line) as LoadMessage;
    if (message.type === 'progress') state.progress = message;
    if (message.type === 'summary') summary = message;
    if (message.type === 'fault') {
      faults.set(message.id, message);
      state.injected++;
      live.note(`  fault    at ${clock(message.startMs - startMs)}: ${describeFault(message)}`);
    }
    if (message.type === 'fault-end') {
      const fault = faults.get(message.id);
      if (fault !== undefined) faults.set(message.id, { ...fault, endMs: message.endMs });
    }
    live.update();
  });
  const endLoad = (): boolean => load.child.kill('SIGTERM');
  interrupted.addEventListener('abort', endLoad);

  const first = await Promise.race([load.exited, service.exited.then(() => undefined)]);
  if (first === undefined && !interrupted.aborted) {
    endLoad();
    await load.exited;
    throw new Error(`the service ended ${describeExit(await service.exited)} under load`);
  }
  const exit = await load.exited;
  if (exit.code !== 0 && !interrupted.aborted)
    throw new Error(`the load generator ended ${describeExit(exit)}; expected code 0`);
  return { faults: [...faults.values()], summary };
}
