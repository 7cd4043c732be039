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
const USUAL_SLOT_MS = 4_000;
const SHORTEST_GAP_MS = 2_000;

/**
 * Random faults at random times, at least two seconds apart so that each can be told from the next, both kinds in equal
 * parts. The first two and the last three seconds stay quiet. @param canMakeFifo false leaves the slow files out
 */
export function planFaults(random: Random, totalMs: number, canMakeFifo: boolean): PlannedFault[] {
  const kinds: PlannedFault['kind'][] = canMakeFifo ? ['slow-file', 'blocked-loop'] : ['blocked-loop'];
  const availableMs = Math.max(0, totalMs - QUIET_START_MS - QUIET_END_MS);
  const most = Math.max(1, Math.floor(availableMs / SHORTEST_GAP_MS));
  const slots = Math.min(most, Math.max(2, Math.floor(availableMs / USUAL_SLOT_MS)));
  const slotMs = availableMs / slots;
  let next: PlannedFault['kind'][] = [];
  return Array.from({ length: slots }, (_, slot) => {
    if (next.length === 0) next = shuffle(random, kinds);
    const inSlotMs = random() * Math.max(0, slotMs - SHORTEST_GAP_MS);
    return planFault(random, next.pop() ?? 'blocked-loop', QUIET_START_MS + slot * slotMs + inSlotMs);
  });
}

function planFault(random: Random, kind: PlannedFault['kind'], atMs: number): PlannedFault {
  const durationMs = between(random, 500, 1_200);
  if (kind === 'slow-file') return { kind, atMs, durationMs, route: pick(random, SLOW_FILE_ROUTES) };
  const [route, functions] = pick(random, Object.entries(CULPRITS));
  const phase: Phase = random() < 0.5 ? 'before' : 'after';
  return { kind, atMs, durationMs, route, phase, culprit: functions[phase] };
}
