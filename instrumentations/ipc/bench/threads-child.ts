/**
 * One variant of the thread rows: `threads-child.ts VARIANT IN_FLIGHT`. The main thread sends objects to a worker, which sends
 * each back; so many are under way at once. With one, each end is woken for each message.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { context, trace } from '@opentelemetry/api';
import { serveRounds } from '../../../benchmarks/child.ts';
import { cpuNanosPerAsyncOp } from '../../../benchmarks/rig.ts';
import { carryToParent, carryToWorker, createSlots } from './contexts-in-slots.ts';
import { startVariant } from './variants.ts';

const [, , variant = 'bare', inFlight = '64'] = process.argv;
const IN_FLIGHT = Number(inFlight);
const MESSAGES = IN_FLIGHT === 1 ? 10_000 : 40_000;
const isByHand = variant === 'contexts alone';

function tenFields(id: number): object {
  return {
    id,
    name: 'resize',
    width: 640,
    height: 480,
    format: 'png',
    quality: 0.8,
    isDraft: false,
    tags: ['a', 'b'],
    owner: { id: 7 },
    at: 1_700_000_000_000,
  };
}

function roundTrips(worker: Worker, count: number): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    let answered = 0;
    // Each in its context, as those of requests are; not in that of the answer before it.
    const send = context.bind(context.active(), (): void => {
      worker.postMessage(tenFields(sent));
      sent += 1;
    });
    const onMessage = (): void => {
      answered += 1;
      if (answered === count) {
        worker.off('message', onMessage);
        resolve();
      } else if (sent < count) send();
    };
    worker.on('message', onMessage);
    for (let i = 0; i < IN_FLIGHT; i++) send();
  });
}

await startVariant(variant);
if (isMainThread) {
  const slots = createSlots();
  const worker = new Worker(new URL(import.meta.url), { argv: [variant], workerData: slots });
  if (isByHand) carryToWorker(worker, slots);
  const traceId = 'b'.repeat(32);
  // A trace that goes on, sampled or not: what has to be carried is the same, and no span is made with `spans: false`.
  const active = trace.setSpanContext(context.active(), { traceId, spanId: 'c'.repeat(16), traceFlags: 1 });
  // Both directions, and each message is sent and received once: two a round trip.
  serveRounds(() =>
    context.with(active, () => cpuNanosPerAsyncOp(MESSAGES * 2, (count) => roundTrips(worker, count / 2))),
  );
} else {
  if (isByHand) carryToParent();
  parentPort?.on('message', (message) => parentPort?.postMessage(message));
}
