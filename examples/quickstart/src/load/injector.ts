import { setTimeout as sleep } from 'node:timers/promises';
import { between, pick, type Random } from '../random.ts';
import type { Baskets } from './baskets.ts';
import type { Client } from './client.ts';
import { damageFiles } from './damaged-files.ts';
import { type PlannedFault, SLOW_FILE_ROUTES } from './faults.ts';
import type { Fault, LoadMessage, Slowness } from './protocol.ts';
import { healthyRequestOf, type PlannedRequest } from './requests.ts';
import { makeFifos } from './slow-file.ts';
import { createSlowRequests, slowBatch, slowRequest } from './slow-requests.ts';
import type { Tally } from './tally.ts';

export interface InjectorConfig {
  readonly client: Client;
  readonly tally: Tally;
  readonly baskets: Baskets;
  readonly dataDir: string;
  readonly random: Random;
  /** Gets each fault when it starts and when it ended. */
  readonly report: (message: LoadMessage) => void;
}

export interface Injector {
  /** Does the fault; resolves when it is over. */
  inject(planned: PlannedFault, id: number): Promise<void>;
  /** Lets every reader of a slow file go on, for an early end. */
  releaseAll(): void;
}

const SECOND_MS = 1_000;
const FORGET_SESSIONS: PlannedRequest = { method: 'DELETE', route: '/sessions', path: '/sessions' };

type Kind<K extends PlannedFault['kind']> = Extract<PlannedFault, { kind: K }>;

/** Starts faults inside the service by nothing but requests and files. */
export function createInjector({ client, tally, baskets, dataDir, random, report }: InjectorConfig): Injector {
  const slowRequests = createSlowRequests(client, tally);

  const during = async (fault: Fault, what: () => Promise<unknown>): Promise<void> => {
    report({ type: 'fault', ...fault });
    await what();
    report({ type: 'fault-end', id: fault.id, endMs: Date.now() });
  };
  const send = async (request: PlannedRequest, headers?: Record<string, string>): Promise<void> => {
    tally.sent(request);
    tally.answered(request, await client.send(request, headers));
  };

  const slowOne = async ({ kind, durationMs, route }: Kind<'slow-file'>, id: number): Promise<void> => {
    const slowness: Slowness = pick(random, ['late writer', 'late data']);
    const slow = slowRequest(route, `slow-${id}`, dataDir);
    await makeFifos([slow.path]);
    await during({ id, kind, durationMs, route, startMs: Date.now(), slowness, path: slow.path }, () =>
      slowRequests.send(slow, durationMs, slowness),
    );
  };

  const block = ({ kind, durationMs, route, phase, culprit }: Kind<'blocked-loop'>, id: number): Promise<void> =>
    during({ id, kind, durationMs, route, phase, culprit, startMs: Date.now() }, () =>
      send(healthyRequestOf(route, random), { 'x-effort': `${phase}=${durationMs}` }),
    );

  const storm = async ({ kind, durationMs, route, share }: Kind<'error-storm'>, id: number): Promise<void> => {
    const startMs = Date.now();
    const damaged = damageFiles(random, route, share, dataDir);
    await during({ id, kind, durationMs, route, share: damaged.share, startMs }, () => sleep(durationMs));
    damaged.repair();
  };

  const leak = (planned: Kind<'heap-leak'>, id: number): Promise<void> => {
    const { kind, durationMs, route, bytesPerSecond, isForTheRest } = planned;
    const fault: Fault = { id, kind, durationMs, route, bytesPerSecond, isForTheRest, startMs: Date.now() };
    return during(fault, async () => {
      baskets.fill(bytesPerSecond);
      await sleep(durationMs);
      baskets.fill(0);
      if (!isForTheRest) await send(FORGET_SESSIONS);
    });
  };

  const slowDown = (planned: Kind<'slow-filesystem'>, id: number): Promise<void> => {
    const { kind, durationMs, filesPerSecond, shortestMs, longestMs } = planned;
    const sendLate = async (second: number): Promise<void> => {
      await sleep(second * SECOND_MS);
      const batch = { routes: SLOW_FILE_ROUTES, count: filesPerSecond, name: `slow-${id}-${second}`, dataDir };
      const sent = (await slowBatch(random, batch)).map(async (slow) => {
        await sleep(between(random, 0, SECOND_MS));
        await slowRequests.send(slow, between(random, shortestMs, longestMs), 'late writer');
      });
      await Promise.all(sent);
    };
    const seconds = Math.floor(durationMs / SECOND_MS);
    return during({ id, kind, durationMs, filesPerSecond, shortestMs, longestMs, startMs: Date.now() }, () =>
      Promise.all(Array.from({ length: seconds }, (_, second) => sendLate(second))),
    );
  };

  return {
    inject: (planned, id) => {
      switch (planned.kind) {
        case 'slow-file':
          return slowOne(planned, id);
        case 'blocked-loop':
          return block(planned, id);
        case 'error-storm':
          return storm(planned, id);
        case 'heap-leak':
          return leak(planned, id);
        case 'slow-filesystem':
          return slowDown(planned, id);
      }
    },
    releaseAll: slowRequests.releaseAll,
  };
}
