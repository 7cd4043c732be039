import { eventStream } from '@sonde/event-stream';
import { createPatches } from '@sonde/instrumentation-kit';
import type { Part, Surroundings } from '../part.ts';
import { noticeStandstill, observeAtomics } from './atomics.ts';
import { observeBroadcasts } from './broadcasts.ts';
import { FetchedSpans } from './fetched-spans.ts';
import { observeMessageChannels } from './message-channels.ts';
import type { ObservedPort } from './observed-port.ts';
import { setRunning } from './opt-in.ts';
import { observeParent } from './parent.ts';
import { Piscina } from './piscina.ts';
import { createPorts, type Ports } from './ports.ts';
import { observeReceive } from './receive.ts';
import { WORKER_SYSTEM, Workers } from './workers.ts';

/** Tells the queue depths: what was sent from this thread and not taken up, by channel. */
function createDepths(ports: Ports): () => void {
  // Channels seen before are set to 0 when their last port has gone.
  const totals = new Map<ObservedPort['channel'], number>();
  return () => {
    for (const channel of totals.keys()) totals.set(channel, 0);
    for (const { channel, writer } of ports.all()) {
      if (writer !== undefined) totals.set(channel, (totals.get(channel) ?? 0) + writer.depth);
    }
    for (const [channel, depth] of totals) channel.depth(depth);
  };
}

/** A worker has ended: what it had not taken up, it never will. */
function tellUndelivered({ channel, link, writer }: ObservedPort): void {
  if (channel.system !== WORKER_SYSTEM || link?.arena.isAttached !== true || writer === undefined) return;
  if (writer.depth > 0) channel.undelivered(writer.depth);
}

/** Starts observing worker threads, message ports and broadcast channels of this thread. */
export function startThreads({ config, channels, instruments }: Surroundings): Part {
  const { clock } = eventStream();
  const patches = createPatches();
  const fetched = new FetchedSpans();
  const ports = createPorts(channels, clock, fetched);
  ports.onClose(tellUndelivered);
  ports.onClose(({ port }) => fetched.closed(port));
  const start = observeParent(ports, clock);
  start?.begin();
  const piscina = new Piscina(patches, instruments);
  const undo = [
    new Workers({ patches, ports, clock, onStart: (script) => piscina.onStart(script) }).start(),
    observeMessageChannels(patches, ports),
    observeBroadcasts(patches, channels),
  ];
  observeReceive(patches, ports, fetched);
  noticeStandstill(patches, () => fetched.threadStandsStill());
  if (config.sharedMemory) observeAtomics(patches, instruments);
  setRunning({ channels, ports, fetched });
  patches.sync();
  return {
    observe: createDepths(ports),
    stop(): void {
      setRunning(undefined);
      start?.end();
      for (const back of undo.reverse()) back();
      patches.restore();
      ports.stop();
      fetched.stop();
    },
  };
}
