/**
 * Variants that live in a process of their own, for what cannot share one with its peer (patched built-ins, preloads).
 * The parent asks for a round over IPC, the child answers with the cost of one operation.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Keep all threads of the child on one core (util-linux `taskset`, where it is installed). Where the kernel happens to
   * put the threads of the libuv pool changes the CPU time of a file read by 1.8x, for minutes at a time.
   */
  readonly isPinned?: boolean;
}

export interface ChildVariant {
  /** Asks the child for one round. @throws Error when the child has failed or gone. */
  round(): Promise<number>;
  close(): Promise<void>;
}

const CORE = '0';
const canPin = spawnSync('taskset', ['-c', CORE, 'true']).status === 0;

/** Starts `script` (a module that calls {@link serveRounds}) and waits until it is ready. */
export async function childVariant(script: URL, options: ChildOptions = {}): Promise<ChildVariant> {
  const { args = [], execArgv = [], isPinned = false } = options;
  const pinned = { execPath: 'taskset', execArgv: ['-c', CORE, process.execPath, ...execArgv] };
  const child = fork(fileURLToPath(script), [...args], {
    ...(isPinned && canPin ? pinned : { execArgv: [...execArgv] }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await answer(child);
  return {
    async round() {
      child.send('round');
      return await answer(child);
    },
    async close() {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** In the child: answers each request with what `round` returns. */
export function serveRounds(round: () => number | Promise<number>): void {
  process.on('message', () => {
    Promise.resolve()
      .then(round)
      .then(
        (cost) => process.send?.({ cost }),
        (error: unknown) => process.send?.({ error: String(error instanceof Error ? error.stack : error) }),
      );
  });
  process.send?.({ cost: 0 });
}

function answer(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void => {
      child.off('message', onMessage);
      reject(new Error(`benchmark child ended before it answered (code ${code}, signal ${signal})`));
    };
    const onMessage = (message: unknown): void => {
      child.off('exit', onExit);
      const { cost, error } = message as { cost?: number; error?: string };
      if (error === undefined && typeof cost === 'number') resolve(cost);
      else reject(new Error(`benchmark child failed: ${error}`));
    };
    child.once('exit', onExit);
    child.once('message', onMessage);
  });
}
