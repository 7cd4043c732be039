import { between, pick, type Random, shuffle } from '../random.ts';
import type { Phase } from '../service/effort.ts';
import { type PlannedLastingFault, planLastingFaults, type Span } from './lasting-faults.ts';
import { type FaultKind, POINT_FAULTS } from './protocol.ts';

export type PlannedPointFault =
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

/** What is done to the service, and when: the truth that the report is held against. */
export type PlannedFault = PlannedPointFault | PlannedLastingFault;

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
const USUAL_SLOT_MS = 8_000;
const SHORTEST_GAP_MS = 2_000;

/**
 * Random faults at random times, by their times. Those of one request are at least two seconds apart so that each can be
 * told from the next, both kinds in equal parts, none while an error storm or a slow filesystem lasts. The first two and
 * the last three seconds stay quiet. @param kinds those that may happen
 */
export function planFaults(random: Random, totalMs: number, kinds: ReadonlySet<FaultKind>): PlannedFault[] {
  const lasting = planLastingFaults(random, totalMs, kinds);
  const points = planPointFaults(random, quietSpans(totalMs, lasting), kinds);
  return [...lasting, ...points].sort((a, b) => a.atMs - b.atMs);
}

/** When nothing else happens that many requests would suffer from. */
function quietSpans(totalMs: number, lasting: readonly PlannedLastingFault[]): Span[] {
  const spans: Span[] = [];
  let fromMs = QUIET_START_MS;
  for (const { kind, atMs, durationMs } of lasting) {
    if (kind === 'heap-leak') continue;
    spans.push({ fromMs, toMs: atMs - SHORTEST_GAP_MS });
    fromMs = atMs + durationMs + SHORTEST_GAP_MS;
  }
  spans.push({ fromMs, toMs: totalMs - QUIET_END_MS });
  return spans.filter((span) => span.toMs > span.fromMs);
}

function planPointFaults(random: Random, spans: readonly Span[], kinds: ReadonlySet<FaultKind>): PlannedPointFault[] {
  const wanted = POINT_FAULTS.filter((kind) => kinds.has(kind));
  if (wanted.length === 0) return [];
  const availableMs = spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const most = Math.max(1, Math.floor(availableMs / SHORTEST_GAP_MS));
  const slots = Math.min(most, Math.max(2, Math.floor(availableMs / USUAL_SLOT_MS)));
  const slotMs = availableMs / slots;
  let next: PlannedPointFault['kind'][] = [];
  return Array.from({ length: slots }, (_, slot) => {
    if (next.length === 0) next = shuffle(random, wanted);
    const inSlotMs = random() * Math.max(0, slotMs - SHORTEST_GAP_MS);
    return planPointFault(random, next.pop() ?? 'blocked-loop', placeIn(spans, slot * slotMs + inSlotMs));
  });
}

/** Where `offsetMs` lies when the spans are laid end to end. */
function placeIn(spans: readonly Span[], offsetMs: number): number {
  let leftMs = offsetMs;
  for (const { fromMs, toMs } of spans) {
    if (leftMs < toMs - fromMs) return fromMs + leftMs;
    leftMs -= toMs - fromMs;
  }
  return spans.at(-1)?.toMs ?? QUIET_START_MS;
}

function planPointFault(random: Random, kind: PlannedPointFault['kind'], atMs: number): PlannedPointFault {
  const durationMs = between(random, 500, 1_200);
  if (kind === 'slow-file') return { kind, atMs, durationMs, route: pick(random, SLOW_FILE_ROUTES) };
  const [route, functions] = pick(random, Object.entries(CULPRITS));
  const phase: Phase = random() < 0.5 ? 'before' : 'after';
  return { kind, atMs, durationMs, route, phase, culprit: functions[phase] };
}
