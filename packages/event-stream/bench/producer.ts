// The thread behind producer-thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createEventStream, Severity } from '@sonde/event-stream';

/** Node 22.19 and later; the types are those of 22.15. */
const { threadCpuUsage } = process as unknown as { threadCpuUsage: typeof process.cpuUsage };

const stream = createEventStream({ threadId: workerData.threadId });
const handle = stream.event({
  name: 'bench.produced',
  category: 'vfs',
  severity: Severity.INFO,
  description: 'One of many.',
  value: { key: 'bench.number', description: 'Its number.' },
});

function emit(events: number): void {
  const now = performance.now();
  for (let i = 0; i < events; i++) handle.emit(now + i * 1e-5, i);
}

parentPort?.on('message', (events: number) => {
  const before = threadCpuUsage();
  emit(events);
  const { user, system } = threadCpuUsage(before);
  parentPort?.postMessage(((user + system) * 1000) / events);
});
parentPort?.postMessage(0);
