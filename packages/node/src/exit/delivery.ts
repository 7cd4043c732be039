import type { Endpoint } from '../opentelemetry/environment.ts';
import { resumeWaiting, stopWaiting } from '../opentelemetry/lazy-exporter.ts';
import { isAnyReachable } from './reachability.ts';

/** Longest delay of an exit while telemetry is being delivered. */
export const DELIVERY_TIMEOUT_MS = 2000;
/** Longest delay before it is known that nobody takes it. */
export const REACH_TIMEOUT_MS = 100;

export interface DeliveryConfig {
  /** Hands everything over; settles when it is delivered or given up. */
  readonly flush: () => Promise<unknown>;
  /** Where it goes; undefined when that is not known. */
  readonly endpoints: readonly Endpoint[] | undefined;
  readonly timeoutMs?: number;
  readonly reachTimeoutMs?: number;
}

/**
 * Delivers what is pending: returns when it is delivered, when nobody listens where it should go (100 ms at most), or
 * when the time is up (2 s). Exporters hold nothing alive by themselves; this does while it waits. Never rejects.
 */
export async function deliver(config: DeliveryConfig): Promise<void> {
  const { timeoutMs = DELIVERY_TIMEOUT_MS, reachTimeoutMs = REACH_TIMEOUT_MS } = config;
  resumeWaiting();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(giveUp, timeoutMs);
    function finish(): void {
      clearTimeout(timer);
      resolve();
    }
    function giveUp(): void {
      stopWaiting();
      finish();
    }
    Promise.resolve(config.flush()).then(finish, finish);
    if (config.endpoints !== undefined && config.endpoints.length > 0) {
      isAnyReachable(config.endpoints, reachTimeoutMs).then((isReachable) => {
        if (!isReachable) giveUp();
      }, giveUp);
    }
  });
}
