import type { FastifyRequest } from 'fastify';

/** Where in a handler the extra work happens: before its first `await`, or after it. */
export type Phase = 'before' | 'after';

const HEADER = 'x-effort';
const MAX_MS = 10_000;

/**
 * Milliseconds of computing that the caller asks for on top of the usual, from a header like `x-effort: after=600`.
 * It is how the load side blocks the event loop inside a route of its choice; without the header it is 0.
 */
export function effortMs(request: FastifyRequest, phase: Phase): number {
  const [wanted, ms] = String(request.headers[HEADER] ?? '').split('=');
  const value = wanted === phase ? Number(ms) : 0;
  return value > 0 ? Math.min(value, MAX_MS) : 0;
}
