import cluster from 'node:cluster';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';
import { guard, observation } from '@sonde/instrumentation-kit';
import type { AdaptiveSampler } from '@sonde/sampling';

type Sampling = typeof import('@sonde/sampling');

const WORKER_CHANNEL = 'worker_threads';

/**
 * One budget for all samplers of a service on this host: cluster workers share it through their primary, the threads of
 * a process through memory. Starts nothing before there is somebody to share with. Returns the undo.
 */
export function shareOnHost(sampling: Sampling, sampler: AdaptiveSampler): () => void {
  const { hostFleetStore, shareBudget, threadFleetStore } = sampling;
  const share = (createStore: typeof hostFleetStore | typeof threadFleetStore): (() => void) =>
    guard(
      'node.fleet',
      () => shareBudget(sampler, { store: createStore() }),
      () => {},
    );
  if (!isMainThread) return share(threadFleetStore);
  if (cluster.isWorker) return share(hostFleetStore);
  // Both make only the place to meet: workers find it when they start.
  guard('node.fleet', () => void [hostFleetStore(), threadFleetStore()], undefined);
  let stop = (): void => {};
  const onWorker = (): void => {
    // Workers of Sonde's own begin no traces.
    if (observation().own > 0) return;
    unsubscribe(WORKER_CHANNEL, onWorker);
    stop = share(threadFleetStore);
  };
  subscribe(WORKER_CHANNEL, onWorker);
  return () => {
    unsubscribe(WORKER_CHANNEL, onWorker);
    stop();
  };
}
