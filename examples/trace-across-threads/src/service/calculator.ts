// The worker thread: leaves the purchase to a child process, then works out a price.
import { fork } from 'node:child_process';
import { parentPort } from 'node:worker_threads';

const buyer = fork(new URL('./buyer.ts', import.meta.url));
parentPort?.on('message', (job) => {
  if (job === 'end') {
    buyer.disconnect();
    parentPort?.close();
  } else buyer.send(job);
});
buyer.on('message', ({ id, cost }: { id: number; cost: number }) => {
  const end = performance.now() + 15;
  let price = cost;
  while (performance.now() < end) price = Math.max(cost, price * 1.000_001);
  parentPort?.postMessage({ id, price });
});
