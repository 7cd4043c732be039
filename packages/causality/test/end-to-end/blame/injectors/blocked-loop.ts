import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Injector, Stretch } from '../injector.ts';
import { burnUntil, starvedMs } from './burn.ts';

const blocks = new EventEmitter();
/** Where the service listens. */
let ownPort = 0;

export function listensOn(port: number): void {
  ownPort = port;
}

/** The route that blocks the loop for everybody. */
export async function block(ms: number, isAfterAwait: boolean): Promise<void> {
  if (isAfterAwait) await setTimeout(3);
  const before = starvedMs();
  const startMs = performance.now();
  const endMs = burnUntil(startMs + ms);
  const starved = starvedMs() - before;
  blocks.emit('blocked', { cause: 'blocked_loop', startMs, endMs, starvedMs: starved } satisfies Stretch);
}

/** Asks for it over a socket of its own, outside of any trace. */
function request(path: string): void {
  context.with(ROOT_CONTEXT, () => {
    const socket = connect(ownPort, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', () => undefined);
  });
}

function blockedBy(mode: string): Injector {
  return {
    cause: 'blocked_loop',
    async inject(ms) {
      const blocked = once(blocks, 'blocked');
      request(`/block?ms=${ms}&mode=${mode}`);
      return { stretches: (await blocked) as Stretch[] };
    },
  };
}

/** Another route blocks the loop before its first await. */
export const blockedBefore: Injector = blockedBy('before');
/** Another route blocks the loop after its first await. */
export const blockedAfter: Injector = blockedBy('after');
