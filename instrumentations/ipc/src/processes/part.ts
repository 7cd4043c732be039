import * as childProcess from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { type AnyFunction, createPatches } from '@sonde/instrumentation-kit';
import type { Part, Surroundings } from '../part.ts';
import { ATTRIBUTE } from '../semantic-names.ts';
import { StartContext } from '../threads/start-context.ts';
import { Children } from './children.ts';
import { hookEmit } from './emit-hook.ts';
import { type Inherited, takeInherited } from './environment.ts';
import { InheritedContext } from './inherited-context.ts';
import type { LinkEnd } from './link-end.ts';
import { Links } from './links.ts';
import { type Forked, wrapSpawn } from './spawn.ts';
import { SYNC_FORMS, wrapSpawnSync } from './spawn-sync.ts';

const SYSTEM = 'nodejs.child_process';
const PARENT = 'parent';
/** Node tells here that a server begins to listen. */
const LISTEN = 'tracing:net.server.listen:asyncStart';

interface ChildPrototype {
  spawn: AnyFunction;
  emit: AnyFunction;
}

/** Whether this is the thread that holds the channel to the parent. */
function hasParent(): boolean {
  return isMainThread && typeof process.send === 'function' && process.connected && Boolean(process.channel);
}

/**
 * What this process was started in is the context of its main script, until it is one that works for others: it begins to
 * listen on a server, or receives a message.
 */
function beginStart(inherited: Inherited): StartContext | undefined {
  if (!isMainThread || Object.keys(inherited.carrier).every((header) => header === 'hlc')) return undefined;
  const start = new StartContext(new InheritedContext(inherited));
  start.begin();
  return start;
}

/** Starts observing the children of this thread, and in the main thread the channel to the parent. */
export function startProcesses(surroundings: Surroundings): Part {
  const { channels, instruments } = surroundings;
  const inherited = takeInherited(process.env);
  const links = new Links({
    size: ({ system, destination }, bytes) => {
      instruments.queueSize.bind({ [ATTRIBUTE.system]: system, [ATTRIBUTE.destination]: destination }).advanceTo(bytes);
    },
  });
  const children = new Children(surroundings);
  const linkOf = (end: object) => links.of(end);
  const closed = (link: Parameters<Links['closed']>[0]) => links.closed(link);
  const forked = ({ child, name, isNode, key }: Forked): void => {
    const channel = channels.of({ system: SYSTEM, destination: name });
    links.add({ end: child as unknown as LinkEnd, channel, isChild: false, mayAnnounce: isNode, key });
  };
  const patches = createPatches();
  const config = { children, inherited: inherited.carrier, forked };
  const prototype = childProcess.ChildProcess.prototype as unknown as ChildPrototype;
  patches.wrap(prototype, 'spawn', wrapSpawn(config));
  const module = createRequire(import.meta.url)('node:child_process') as Record<string, AnyFunction>;
  for (const [name, form] of Object.entries(SYNC_FORMS)) patches.wrap(module, name, wrapSpawnSync(config, form));
  patches.sync();
  const undo = [hookEmit(prototype, { linkOf, closed, life: children })];
  const start = beginStart(inherited);
  const leave = (): void => start?.end();
  if (start !== undefined) subscribe(LISTEN, leave);
  undo.push(leave, () => unsubscribe(LISTEN, leave));
  if (hasParent()) {
    undo.push(hookEmit(process as unknown as ChildPrototype, { linkOf, closed }));
    const end = process as unknown as LinkEnd;
    const channel = channels.of({ system: SYSTEM, destination: PARENT });
    const { key } = inherited;
    const onMessage = start && { onMessage: leave };
    const link = links.add({ end, channel, isChild: true, mayAnnounce: key !== '', key, ...onMessage });
    if (key !== '') link.hello();
  }
  return {
    observe: () => links.observe(),
    stop(): void {
      patches.restore();
      links.stop();
      for (const revert of undo) revert();
    },
  };
}
