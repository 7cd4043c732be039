import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Forecast, ForecastOrder, ForecastReply } from '../forecaster/messages.ts';

export type { Forecast } from '../forecaster/messages.ts';

/** A forked process that forecasts. */
export interface Forecaster {
  /** @throws Error when it fails, says nothing for five seconds, or has ended */
  forecast(order: ForecastOrder): Promise<Forecast>;
}

export interface Forecasters {
  /** The one that runs; the first call, and the first after it has ended, start one. */
  current(): Forecaster;
  /** Resolves when none runs any more. */
  end(): Promise<void>;
}

interface Waiting {
  readonly resolve: (forecast: Forecast) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Running extends Forecaster {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

const PROGRAM = join(import.meta.dirname, '..', 'forecaster', 'forecaster.ts');
const ANSWER_MS = 5_000;
const END_MS = 3_000;

/** Keeps one forecaster running for the thread that calls. */
export function createForecasters(): Forecasters {
  let running: Running | undefined;
  return {
    current: () => {
      if (running?.child.connected !== true) running = start();
      return running;
    },
    end: async () => {
      if (running === undefined) return;
      const { child, exited } = running;
      running = undefined;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function start(): Running {
  const child = fork(PROGRAM);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  const settle = (id: number, how: (one: Waiting) => void): void => {
    const one = waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id);
    clearTimeout(one.timer);
    how(one);
  };
  const failAll = (reason: string): void => {
    for (const id of [...waiting.keys()]) settle(id, ({ reject }) => reject(new Error(reason)));
  };
  child.on('message', (reply: ForecastReply) =>
    settle(reply.id, ({ resolve, reject }) =>
      'forecast' in reply ? resolve(reply.forecast) : reject(new Error(`the forecaster failed: ${reply.error}`)),
    ),
  );
  child.on('error', (error) => failAll(`the forecaster cannot be reached: ${error.message}`));
  const exited = new Promise<void>((resolve) => {
    // One that could not be started has no 'exit'.
    child.once('error', () => child.pid === undefined && resolve());
    child.once('exit', () => {
      failAll('the forecaster has ended');
      resolve();
    });
  });
  return {
    child,
    exited,
    forecast: (order) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        const timer = setTimeout(
          () => settle(id, (one) => one.reject(new Error(`the forecaster was silent for ${ANSWER_MS / 1_000} s`))),
          ANSWER_MS,
        );
        waiting.set(id, { resolve, reject, timer });
        child.send({ id, ...order });
      }),
  };
}
