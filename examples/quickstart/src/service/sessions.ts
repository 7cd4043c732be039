import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';

const derive = promisify(pbkdf2);
const ITERATIONS = 4_000;

/** `POST /sessions`: checks a password with pbkdf2 on the libuv thread pool; a wrong one answers 401. */
export function registerSessions(app: FastifyInstance): void {
  app.post('/sessions', async (request: FastifyRequest<{ Body: { user: string; password: string } }>, reply) => {
    const { user, password } = request.body;
    scorePassword(password, effortMs(request, 'before'));
    const [given, expected] = await Promise.all([
      derive(password, user, ITERATIONS, 32, 'sha256'),
      derive(`secret-of-${user}`, user, ITERATIONS, 32, 'sha256'),
    ]);
    const token = mintToken(given, effortMs(request, 'after'));
    if (!timingSafeEqual(given, expected)) return reply.code(401).send({ error: 'wrong password' });
    return { token };
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
