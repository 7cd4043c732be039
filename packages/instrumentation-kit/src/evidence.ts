import { shared } from '@sonde/event-stream';
import { observeConnects } from './connect-waits.ts';
import { observeLookups } from './dns-waits.ts';
import { guard } from './guard.ts';
import { libuvPool } from './libuv-pool.ts';

/** Of one thread. */
interface Gathering {
  users: number;
  stop: (() => void)[];
}

function start(gathering: Gathering): void {
  const parts = [() => libuvPool().follow(), observeLookups, observeConnects];
  gathering.stop = parts.flatMap((part) => guard('kit.evidence', () => [part()], []));
}

function stop(gathering: Gathering): void {
  for (const undo of gathering.stop.splice(0).reverse()) guard('kit.evidence', undo, undefined);
}

/**
 * Starts to note what requests of this thread wait for outside of any instrumentation: the queue of the libuv pool, name
 * look-ups, connects. Whoever reads waits (`readWaits`) calls it once; however many do, it is done once. Until then it
 * costs nothing. Returns the undo.
 */
export function gatherEvidence(): () => void {
  const gathering = shared('kit.evidence.1', (): Gathering => ({ users: 0, stop: [] }));
  gathering.users += 1;
  if (gathering.users === 1) start(gathering);
  let isGathering = true;
  return () => {
    if (!isGathering) return;
    isGathering = false;
    gathering.users -= 1;
    if (gathering.users === 0) stop(gathering);
  };
}
