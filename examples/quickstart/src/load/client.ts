import { Agent, request } from 'node:http';
import type { PlannedRequest } from './requests.ts';

export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly durationMs: number;
}

export interface Client {
  /** Sends the request and reads the whole answer; never rejects. */
  send(planned: PlannedRequest, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

const TIMEOUT_MS = 20_000;

/** A keep-alive HTTP client of one server. */
export function createClient(target: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  return {
    send: (planned, extra) =>
      new Promise((resolve) => {
        const start = performance.now();
        const finish = (status: number): void => resolve({ status, durationMs: performance.now() - start });
        const headers: Record<string, string> = { ...extra };
        if (planned.body !== undefined) headers['content-type'] = 'application/json';
        const outgoing = request(
          new URL(planned.path, target),
          { method: planned.method, agent, headers, timeout: TIMEOUT_MS },
          (response) => {
            response.resume();
            response.on('end', () => finish(response.statusCode ?? 0));
            response.on('error', () => finish(0));
          },
        );
        outgoing.on('timeout', () => outgoing.destroy());
        outgoing.on('error', () => finish(0));
        outgoing.end(planned.body);
      }),
    close: () => agent.destroy(),
  };
}
