import { factsOf } from './fixtures/preloaded.ts';

interface Request {
  readonly durationMs: number;
  readonly noted: readonly (readonly [kind: string, fromMs: number, toMs: number])[];
}

/** Of one kind of wait: from the first moment to the last. */
function spanOf({ noted }: Request, wait: string): { fromMs: number; toMs: number } {
  const own = noted.filter(([kind]) => kind === wait);
  return {
    fromMs: Math.min(...own.map(([, fromMs]) => fromMs)),
    toMs: Math.max(...own.map(([, , toMs]) => toMs)),
  };
}

// The clocks of two processes are read one after the other.
const TOLERANCE_MS = 1;

test.each(['thread', 'process', 'pool'])(
  'a request knows how long a %s worked for it that asked a child process, and answered from the handler of its answer',
  async (kind) => {
    const { requests } = await factsOf<{ requests: Request[] }>('relay-program.mjs', { args: [kind] });
    expect(requests).toHaveLength(3);
    for (const request of requests) {
      const service = spanOf(request, 'child_service');
      expect(service.toMs).toBeGreaterThan(service.fromMs);
      expect(service.toMs).toBeLessThanOrEqual(request.durationMs + TOLERANCE_MS);
      const queue = spanOf(request, 'ipc_queue');
      expect(queue.fromMs).toBeGreaterThanOrEqual(-TOLERANCE_MS);
      expect(queue.toMs).toBeLessThanOrEqual(service.toMs + TOLERANCE_MS);
    }
    // The child was told to take its time.
    const times = requests.map((request) => spanOf(request, 'child_service'));
    for (const [i, ms] of [30, 60, 20].entries()) {
      const { fromMs, toMs } = times[i] as (typeof times)[number];
      expect(toMs - fromMs).toBeGreaterThanOrEqual(ms - TOLERANCE_MS);
    }
  },
);
