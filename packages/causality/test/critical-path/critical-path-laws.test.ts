import { SpanKind } from '@opentelemetry/api';
import fc from 'fast-check';
import { criticalPath } from '../../src/critical-path/critical-path.ts';
import type { CriticalPath, PlainTraceSpan } from '../../src/critical-path/types.ts';
import { runs } from '../seed.ts';
import { span } from './spans.ts';

// long: the laws of critical paths over 170,000 random traces
const KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER];

/** Spans that keep no law at all: any parent, any times, links, processes, threads. */
const anySpans = fc
  .array(
    fc.record({
      parent: fc.nat({ max: 14 }),
      start: fc.integer({ min: -50, max: 250 }),
      length: fc.integer({ min: -5, max: 200 }),
      pid: fc.integer({ min: 1, max: 3 }),
      thread: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
      kind: fc.constantFrom(...KINDS),
      links: fc.array(fc.nat({ max: 14 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((drafts) =>
    drafts.map(({ parent, start, length, pid, thread, kind, links }, i) =>
      span(`s${i}`, parent === 14 ? '' : `s${parent}`, [start, start + length], {
        pid,
        kind,
        links: links.map((link) => `s${link}`),
        ...(thread === undefined ? {} : { thread }),
      }),
    ),
  );

/** Spans of one thread of which each lies within its parent, at times that no two of them share. */
const nestedSpans = fc
  .array(
    fc.tuple(
      fc.nat(),
      fc.double({ min: 0.05, max: 0.45, noNaN: true }),
      fc.double({ min: 0.55, max: 0.95, noNaN: true }),
    ),
    { maxLength: 20 },
  )
  .map((drafts) => {
    const times: [number, number][] = [[0, 1e6]];
    const spans = [span('s0', '', [0, 1e6])];
    for (const [i, [parent, from, to]] of drafts.entries()) {
      const at = parent % times.length;
      const [start, end] = times[at] as [number, number];
      const own: [number, number] = [start + from * (end - start), start + to * (end - start)];
      times.push(own);
      spans.push(span(`s${i + 1}`, `s${at}`, own));
    }
    return spans;
  });

function text({ segments }: CriticalPath<PlainTraceSpan>): string[] {
  return segments.map(({ span: { name }, startMs, endMs }) => `${name} ${startMs} ${endMs}`);
}

test('the segments follow each other without gaps from the start of the root to its end', () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const { segments, durationMs, operations } = criticalPath(spans);
      let end = 0;
      for (const segment of segments) {
        expect(segment.startMs).toBe(end);
        expect(segment.endMs).toBeGreaterThan(segment.startMs);
        end = segment.endMs;
      }
      expect(end).toBe(durationMs);
      const nanos = segments.reduce((sum, { selfMs }) => sum + Math.round(selfMs * 1e6), 0);
      expect(nanos).toBe(Math.round(durationMs * 1e6));
      const share = operations.reduce((sum, operation) => sum + operation.share, 0);
      expect(share).toBeCloseTo(durationMs > 0 ? 1 : 0, 9);
    }),
    runs(2000),
  );
});

test('the tree holds each span below the root once, after its parent, and the path runs within it', () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const { tree, notes, segments } = criticalPath(spans);
      expect(tree.length + notes.unrelated).toBe(spans.length);
      expect(new Set(tree.map((entry) => entry.span)).size).toBe(tree.length);
      for (const [i, { parent, depth, startMs, endMs }] of tree.entries()) {
        expect(parent).toBeLessThan(i);
        expect(depth).toBe(parent < 0 ? 0 : (tree[parent]?.depth ?? -2) + 1);
        expect(endMs).toBeGreaterThanOrEqual(startMs);
        expect(startMs).toBeGreaterThanOrEqual(tree[parent]?.startMs ?? 0);
      }
      for (const segment of segments) expect(tree.find((entry) => entry.span === segment.span)?.isOnPath).toBe(true);
      const self = tree.reduce((sum, { selfMs }) => sum + selfMs, 0);
      expect(self).toBeCloseTo(
        segments.reduce((sum, { selfMs }) => sum + selfMs, 0),
        6,
      );
    }),
    runs(500),
  );
});

/** CRISP as its paper tells it, for spans that lie within their parents; recursive, quadratic, and independent of ours. */
function byThePaper(
  spans: readonly PlainTraceSpan[],
  id: string,
  ms: (time: PlainTraceSpan['start']) => number,
): string[] {
  const own = spans.find(({ spanId }) => spanId === id) as PlainTraceSpan;
  const children = spans
    .filter(({ parentSpanId }) => parentSpanId === id)
    .sort((a, b) => ms(b.end) - ms(a.end) || ms(a.start) - ms(b.start) || (a.spanId < b.spanId ? -1 : 1));
  const path: string[] = [];
  let time = ms(own.end);
  for (const child of children) {
    if (ms(child.end) > time) continue;
    path.unshift(...byThePaper(spans, child.spanId, ms), `${id} ${ms(child.end)} ${time}`);
    time = ms(child.start);
  }
  return [`${id} ${ms(own.start)} ${time}`, ...path];
}

test('for spans that lie within their parents, the path is that of CRISP', () => {
  const msOf = (time: PlainTraceSpan['start']): number => {
    const [seconds, nanos] = time as [number, number];
    return ((seconds - 1_790_000_000) * 1e9 + nanos) / 1e6;
  };
  fc.assert(
    fc.property(nestedSpans, (spans) => {
      const expected = byThePaper(spans, 's0', msOf).filter((line) => {
        const [, start, end] = line.split(' ');
        return start !== end;
      });
      expect(text(criticalPath(spans, { toleranceMs: 0 }))).toEqual(expected);
    }),
    runs(500),
  );
});

test('the order in which spans are given, and the date, do not matter', () => {
  fc.assert(
    fc.property(nestedSpans, fc.integer({ min: -1e9, max: 1e9 }), (spans, seconds) => {
      const moved = ([at, nanos]: [number, number]): [number, number] => [at + seconds, nanos];
      const later = spans.map(
        (one): PlainTraceSpan => ({ ...one, start: moved(one.start as never), end: moved(one.end as never) }),
      );
      expect(text(criticalPath(later.reverse()))).toEqual(text(criticalPath(spans)));
    }),
    runs(200),
  );
});

test('a childless span beside the path can be taken away without changing it', () => {
  fc.assert(
    fc.property(nestedSpans, (spans) => {
      const whole = criticalPath(spans);
      for (const { span: leaf, isOnPath } of whole.tree) {
        if (isOnPath || spans.some(({ parentSpanId }) => parentSpanId === leaf.spanId)) continue;
        expect(text(criticalPath(spans.filter((one) => one !== leaf)))).toEqual(text(whole));
      }
    }),
    runs(200),
  );
});
