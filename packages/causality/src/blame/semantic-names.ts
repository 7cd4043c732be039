import type { AttributeDefinition } from '@sonde/instrumentation-kit';
import type { Cause } from './causes.ts';

function seconds(cause: Cause, description: string, example: number): AttributeDefinition {
  return { name: `sonde.blame.${cause}`, type: 'double', description, example };
}

/** Seconds of the wall time of a local root span, by cause. Only those above 0 are told, and `unexplained`. */
export const CAUSE_ATTRIBUTES: Readonly<Record<Cause, AttributeDefinition>> = {
  own_turn: seconds('own_turn', 'Seconds in long turns of the event loop in which the request ran itself.', 0.12),
  blocked_loop: seconds('blocked_loop', 'Seconds for which others held the event loop in long turns.', 0.035),
  busy_loop: seconds('busy_loop', 'Seconds in short turns of the event loop, those of the request among them.', 0.004),
  gc: seconds('gc', 'Seconds for which garbage collections held the thread.', 0.14),
  cpu: seconds('cpu', 'Seconds for which the thread was ready but got no CPU: run queue and quota.', 0.2),
  pool: seconds('pool', 'Seconds that work of the request waited in the queue of the libuv pool.', 0.3),
  pool_work: seconds('pool_work', 'Seconds that work of the request ran in the libuv pool (crypto, zlib).', 0.08),
  filesystem: seconds('filesystem', 'Seconds in file system operations.', 0.05),
  connect: seconds('connect', 'Seconds of name look-ups and of setting up connections.', 0.03),
  ipc_queue: seconds('ipc_queue', 'Seconds that messages of the request waited to be taken up elsewhere.', 0.09),
  child_service: seconds('child_service', 'Seconds for which others worked for the request.', 0.4),
  unexplained: seconds('unexplained', 'Seconds of which nothing is known.', 0.002),
};

/** What else is told of a blamed span, or of a link to a culprit. */
export const BLAME_ATTRIBUTES: Readonly<
  Record<'blameTop' | 'blameSummary' | 'blameCause' | 'blameSeconds' | 'blameRoute', AttributeDefinition>
> = {
  blameTop: {
    name: 'sonde.blame.top',
    type: 'string',
    description: 'The cause that took most of the wall time of a local root span.',
    example: 'gc',
  },
  blameSummary: {
    name: 'sonde.blame.summary',
    type: 'string',
    description: 'The largest causes in a sentence.',
    example: 'waited 180 ms: 140 ms garbage collection, 35 ms behind /x',
  },
  blameCause: {
    name: 'sonde.blame.cause',
    type: 'string',
    description: 'On a link: for what the linked span is to blame.',
    example: 'blocked_loop',
  },
  blameSeconds: {
    name: 'sonde.blame.seconds',
    type: 'double',
    description: 'On a link: for how long.',
    example: 0.035,
  },
  blameRoute: {
    name: 'http.route',
    type: 'string',
    description: 'On a link: the route of the linked request.',
    example: '/x',
  },
};
