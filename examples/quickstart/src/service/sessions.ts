import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';
import { type BasketLine, createKeptSessions } from './kept-sessions.ts';

const derive = promisify(pbkdf2);
const ITERATIONS = 4_000;

interface Login {
  readonly user: string;
  readonly password: string;
  /** Makes the shop keep the session. */
  readonly basket?: readonly BasketLine[];
}

/**
 * `POST /sessions`: checks a password with pbkdf2 on the libuv thread pool; a wrong one answers 401. A session with a
 * basket is kept until `DELETE /sessions` ends them all; `GET /sessions` says how many there are.
 */
export function registerSessions(app: FastifyInstance): void {
  const kept = createKeptSessions();
  app.post('/sessions', async (request: FastifyRequest<{ Body: Login }>, reply) => {
    const { user, password, basket } = request.body;
    scorePassword(password, effortMs(request, 'before'));
    const [given, expected] = await Promise.all([
      derive(password, user, ITERATIONS, 32, 'sha256'),
      derive(`secret-of-${user}`, user, ITERATIONS, 32, 'sha256'),
    ]);
    const token = mintToken(given, effortMs(request, 'after'));
    if (!timingSafeEqual(given, expected)) return reply.code(401).send({ error: 'wrong password' });
    if (basket !== undefined) kept.keep(user, basket);
    return { token };
  });
  app.get('/sessions', async () => ({ kept: kept.users().length }));
  app.delete('/sessions', async (_request, reply) => {
    kept.dropAll();
    return reply.code(204).send();
  });
}

function scorePassword(password: string, effort: number): number {
  const until = performance.now() + effort;
  let score = 0;
  do {
    score = new Set(password).size * 4 + password.length;
  } while (performance.now() < until);
  return score;
}

function mintToken(key: Buffer, effort: number): string {
  const until = performance.now() + effort;
  let token = '';
  do {
    token = key.toString('base64url').split('').reverse().join('');
  } while (performance.now() < until);
  return token;
}
