import { SpanKind } from '@opentelemetry/api';
import fc from 'fast-check';
import { criticalPath } from '../../src/critical-path/critical-path.ts';
import type { PlainTraceSpan } from '../../src/critical-path/types.ts';
import { runs } from '../seed.ts';
import { span } from './spans.ts';

/** One phase of a request: it computes, then sends jobs to the queues of its workers, and waits for all of them. */
interface Phase {
  readonly computeMs: number;
  readonly jobs: readonly { readonly worker: number; readonly ms: number }[];
}

const phases = fc.array(
  fc.record({
    computeMs: fc.integer({ min: 10, max: 50 }),
    jobs: fc.array(fc.record({ worker: fc.nat({ max: 2 }), ms: fc.integer({ min: 10, max: 90 }) }), { maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Runs the phases, and says which piece of work each moment of the request waited for. */
function simulate(all: readonly Phase[]): { readonly spans: PlainTraceSpan[]; readonly truth: string[] } {
  const spans: PlainTraceSpan[] = [];
  const truth: string[] = [];
  let now = 0;
  for (const [p, { computeMs, jobs }] of all.entries()) {
    const computed = now + computeMs;
    truth.push(`root ${now} ${computed}`);
    now = computed;
    /** Of each worker, the chain of jobs that it has run in this phase. */
    const chains = [0, 1, 2].map(() => ({ end: now, path: [] as string[] }));
    for (const [j, { worker, ms }] of jobs.entries()) {
      const chain = chains[worker] as (typeof chains)[number];
      const name = `job${p}.${j}`;
      const end = chain.end + ms;
      chain.path.push(`${name} ${chain.end} ${end}`);
      spans.push(span(`send${p}.${j}`, 'root', [now, now], { kind: SpanKind.PRODUCER }));
      spans.push(span(name, `send${p}.${j}`, [chain.end, end], { kind: SpanKind.CONSUMER, thread: worker + 1 }));
      chain.end = end;
    }
    const last = chains.reduce((a, b) => (b.end > a.end ? b : a));
    truth.push(...last.path);
    now = last.end;
  }
  spans.push(span('root', '', [0, now]));
  return { spans, truth };
}

/** Whether jobs of different workers end at once: then either may have been waited for. */
function hasTies(all: readonly Phase[]): boolean {
  return all.some(({ jobs }) => {
    const ends = [0, 1, 2].map(() => new Set<number>());
    const now = [0, 0, 0];
    for (const { worker, ms } of jobs) {
      now[worker] = (now[worker] ?? 0) + ms;
      ends[worker]?.add(now[worker] ?? 0);
    }
    const all = ends.flatMap((one) => [...one]);
    return new Set(all).size < all.length;
  });
}

test('in a program with queues, the path is the chain of jobs that the request really waited for', () => {
  fc.assert(
    fc.property(phases, (all) => {
      fc.pre(!hasTies(all));
      const { spans, truth } = simulate(all);
      const path = criticalPath(spans, { toleranceMs: 0 }).segments;
      expect(path.map(({ span: { name }, startMs, endMs }) => `${name} ${startMs} ${endMs}`)).toEqual(merged(truth));
    }),
    runs(500),
  );
});

/** Stretches of one piece of work in a row are one. */
function merged(truth: readonly string[]): string[] {
  const lines: string[] = [];
  for (const line of truth) {
    const [name, , end] = line.split(' ');
    const [lastName, lastStart] = lines.at(-1)?.split(' ') ?? [];
    if (name === lastName) lines.splice(-1, 1, `${name} ${lastStart} ${end}`);
    else lines.push(line);
  }
  return lines;
}

/** Calls within calls, over three processes, the children of a span one after the other. */
const calls = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 12 });
const skews = fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: -5000, max: 5000 })));

test('clocks that are off are moved so that no span has to be cut, and the whole takes as long as before', () => {
  fc.assert(
    fc.property(calls, skews, (drafts, offsets) => {
      const skewed = (pid: number, at: number): number => at + (offsets[pid - 1] ?? 0);
      // Each process calls the next one only: where processes call each other in circles, one offset may not suit all.
      const spans = [span('s0', '', [skewed(1, 0), skewed(1, 10_000)], { pid: 1, kind: SpanKind.CLIENT })];
      const places: [number, number, number][] = [[0, 10_000, 1]];
      for (const [i, [parent, step]] of drafts.entries()) {
        const at = parent % places.length;
        const [from, to, around] = places[at] as [number, number, number];
        const pid = Math.min(3, around + (step > 2 ? 1 : 0));
        const start = from + (to - from) * 0.2;
        const end = from + (to - from) * 0.8;
        places.push([start, end, pid]);
        const kind = pid === around ? SpanKind.CLIENT : SpanKind.SERVER;
        spans.push(span(`s${i + 1}`, `s${at}`, [skewed(pid, start), skewed(pid, end)], { pid, kind }));
      }
      const { durationMs, notes } = criticalPath(spans);
      expect(durationMs).toBe(10_000);
      expect(notes.cut).toBe(0);
    }),
    runs(500),
  );
});
