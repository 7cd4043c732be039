/**
 * For how long a look at the stack of a blocked loop holds it up. Arguments: who looks (`nobody`, `sonde`, or `debugger`: a
 * worker that pauses this thread, as others do), and MB of objects to keep alive. A round blocks the loop and answers with
 * the longest time between two readings of the clock, in ns.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { serveRounds } from '../../../benchmarks/child.ts';
import { pauseMainThread } from './debugger-look.ts';

/** Two and a half times the threshold: the watcher calls it in any case. */
const BLOCK_MS = 600;
const LOOK_AFTER_MS = 200;
/** Of one object of the list below, its array included. */
const OBJECT_BYTES = 80;

const [, , looker = 'nobody', heapMegabytes = '0'] = process.argv;

function block(): number {
  const endMs = performance.now() + BLOCK_MS;
  let longestMs = 0;
  for (let lastMs = performance.now(); lastMs < endMs; ) {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }
  return longestMs * 1e6;
}

if (isMainThread) {
  const kept: object[] = [];
  const count = (Number(heapMegabytes) * 1e6) / OBJECT_BYTES;
  for (let index = 0; index < count; index++) kept.push({ index, before: kept.at(-1), list: [index] });
  let debuggingWorker: Worker | undefined;
  if (looker === 'debugger') debuggingWorker = new Worker(new URL(import.meta.url));
  if (looker === 'sonde') {
    const { SchedulerInstrumentation } = await import('@sonde/instrumentation-scheduler');
    new SchedulerInstrumentation({ blockedLoop: { stacksPerMinute: 600, burst: 100 } });
  }
  // Until the watcher is there.
  await sleep(1000);
  serveRounds(async () => {
    debuggingWorker?.postMessage('look');
    await sleep(50);
    const nanos = block();
    await sleep(300);
    // What is kept is to live as long as rounds are served.
    return kept.length >= 0 ? nanos : Number.NaN;
  });
} else {
  parentPort?.on('message', () => setTimeout(() => void pauseMainThread(), LOOK_AFTER_MS));
}
