import { Session } from 'node:inspector';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LOOK, LOOK_LENGTH, LOOK_STATES, lookText, type SeenStack } from './watch-memory.ts';

/** How often it is asked whether the stall is over meanwhile. */
const RECHECK_MS = 20;
/** JavaScript is interrupted within a millisecond. */
const LATE_MS = 20;

/** As the debugger does: files by URL, whatever module system loaded them. */
function toUrl(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file;
}

function read(memory: SharedArrayBuffer, cells: Int32Array): Omit<SeenStack, 'isLate'> | undefined {
  if (Atomics.load(cells, LOOK) !== LOOK_STATES.told) throw new Error('the hook has failed');
  const length = cells[LOOK_LENGTH] as number;
  if (length === 0) return undefined;
  const { frames, context } = JSON.parse(lookText(memory).toString('utf8', 0, length)) as SeenStack;
  return { frames: frames.map((frame) => ({ ...frame, file: toUrl(frame.file) })), context };
}

/**
 * Looks at the stack of the main thread from a worker: has the inspector evaluate an expression there, which takes effect on
 * top of whatever runs, and disconnects. It never enables the debugger: that collects garbage and walks the heap (7 ms were
 * seen at 10 MB, 350 at 500 MB), and code runs several times slower while it is on. Where the thread is in native code, it
 * takes effect at the next call or loop after its return to JavaScript. The hook (`exposeRunningStack`) answers through
 * shared memory and waits for this end to disconnect: a process that ended meanwhile would tell that it waits for a debugger.
 *
 * @param isOver tells that the stall has ended
 * @returns undefined when it had before anything was seen
 * @throws Error when the hook has failed, or there is no inspector
 */
export function sampleStack(
  memory: SharedArrayBuffer,
  expression: string,
  isOver: () => boolean,
): SeenStack | undefined {
  const cells = new Int32Array(memory);
  const session = new Session();
  const startMs = performance.now();
  Atomics.store(cells, LOOK, LOOK_STATES.asked);
  try {
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression, silent: true });
    while (Atomics.wait(cells, LOOK, LOOK_STATES.asked, RECHECK_MS) === 'timed-out') if (isOver()) return undefined;
    const isLate = performance.now() - startMs > LATE_MS;
    const seen = read(memory, cells);
    return seen === undefined ? undefined : { ...seen, isLate };
  } finally {
    session.disconnect();
    Atomics.store(cells, LOOK, LOOK_STATES.none);
    Atomics.notify(cells, LOOK);
  }
}
