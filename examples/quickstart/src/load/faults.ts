import { between, pick, type Random, shuffle } from '../random.ts';
import type { Phase } from '../service/effort.ts';

/** What is done to the service, and when: the truth that the report is held against. */
export type PlannedFault =
  | { readonly kind: 'slow-file'; readonly atMs: number; readonly durationMs: number; readonly route: string }
  | {
      readonly kind: 'blocked-loop';
      readonly atMs: number;
      readonly durationMs: number;
      readonly route: string;
      readonly phase: Phase;
      /** The function of the service that does the blocking. */
      readonly culprit: string;
    };

/** Routes whose file can be a FIFO that gets its writer late. */
export const SLOW_FILE_ROUTES: readonly string[] = ['/products/:id', '/journal/:day', '/documents/:name'];

/** The synchronous functions of each route, before and after its first await. */
export const CULPRITS: Readonly<Record<string, Readonly<Record<Phase, string>>>> = {
  '/products/:id': { before: 'checksumOf', after: 'rankSimilar' },
  '/journal/:day': { before: 'weekdayOf', after: 'countLevels' },
  '/search': { before: 'tokenise', after: 'countMatches' },
  '/prices/:id': { before: 'estimateVolatility', after: 'simulatePrice' },
  '/sessions': { before: 'scorePassword', after: 'mintToken' },
  '/orders': { before: 'isPlausibleCard', after: 'totalWithTax' },
};

const QUIET_START_MS = 2_000;
const QUIET_END_MS = 3_000;
const MEAN_GAP_MS = 4_000;
const SHORTEST_GAP_MS = 2_000;

/**
 * Random faults at random times, at least two seconds apart so that each can be told from the next, both kinds in equal
 * parts. The first two and the last three seconds stay quiet. @param canMakeFifo false leaves the slow files out
 */
export function planFaults(random: Random, totalMs: number, canMakeFifo: boolean): PlannedFault[] {
  const faults: PlannedFault[] = [];
  let kinds: PlannedFault['kind'][] = [];
  let atMs = QUIET_START_MS + random() * 1_000;
  while (atMs < totalMs - QUIET_END_MS) {
    if (kinds.length === 0) kinds = shuffle(random, canMakeFifo ? ['slow-file', 'blocked-loop'] : ['blocked-loop']);
    faults.push(planFault(random, kinds.pop() ?? 'blocked-loop', atMs));
    atMs += SHORTEST_GAP_MS + random() * 2 * (MEAN_GAP_MS - SHORTEST_GAP_MS);
  }
  return faults;
}

function planFault(random: Random, kind: PlannedFault['kind'], atMs: number): PlannedFault {
  const durationMs = between(random, 500, 1_200);
  if (kind === 'slow-file') return { kind, atMs, durationMs, route: pick(random, SLOW_FILE_ROUTES) };
  const [route, functions] = pick(random, Object.entries(CULPRITS));
  const phase: Phase = random() < 0.5 ? 'before' : 'after';
  return { kind, atMs, durationMs, route, phase, culprit: functions[phase] };
}
