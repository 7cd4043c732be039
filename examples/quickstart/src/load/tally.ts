import { LogLinearHistogram } from '@sonde/statistics';
import type { Answer } from './client.ts';
import type { Progress, RouteLoad } from './protocol.ts';
import type { PlannedRequest } from './requests.ts';

export interface Tally {
  sent(planned: PlannedRequest): void;
  answered(planned: PlannedRequest, answer: Answer): void;
  /** Latency and rate since the last call. */
  progress(elapsedMs: number): Progress;
  routes(): RouteLoad[];
  readonly inFlight: number;
}

/** Counts what was sent and what came back. */
export function createTally(): Tally {
  const routes = new Map<string, { method: string; route: string; sent: number; failed: number }>();
  const recent = new LogLinearHistogram();
  const total = { sent: 0, done: 0, failed: 0 };
  let last = { elapsedMs: 0, done: 0 };

  const of = ({ method, route }: PlannedRequest): { sent: number; failed: number } => {
    const key = `${method} ${route}`;
    const known = routes.get(key) ?? { method, route, sent: 0, failed: 0 };
    routes.set(key, known);
    return known;
  };

  return {
    sent: (planned) => {
      of(planned).sent++;
      total.sent++;
    },
    answered: (planned, { status, durationMs }) => {
      total.done++;
      recent.record(durationMs);
      if (status !== 0 && status < 500) return;
      of(planned).failed++;
      total.failed++;
    },
    progress: (elapsedMs) => {
      const seconds = Math.max(0.001, (elapsedMs - last.elapsedMs) / 1_000);
      const progress: Progress = {
        elapsedMs,
        done: total.done,
        failed: total.failed,
        inFlight: total.sent - total.done,
        ratePerSecond: (total.done - last.done) / seconds,
        p50Ms: recent.quantile(0.5),
        p99Ms: recent.quantile(0.99),
      };
      last = { elapsedMs, done: total.done };
      recent.reset();
      return progress;
    },
    routes: () => [...routes.values()].sort((a, b) => a.route.localeCompare(b.route)),
    get inFlight() {
      return total.sent - total.done;
    },
  };
}
