import fc from 'fast-check';
import { span } from '../critical-path/spans.ts';

/** Spans of two traces, processes and names that touch, overlap, contain and link each other at random. */
export const anySpans = fc
  .array(
    fc.record({
      parent: fc.nat({ max: 24 }),
      start: fc.integer({ min: 0, max: 60 }),
      length: fc.integer({ min: -2, max: 60 }),
      pid: fc.integer({ min: 1, max: 2 }),
      thread: fc.nat({ max: 2 }),
      trace: fc.nat({ max: 1 }),
      unit: fc.constantFrom(1, 0.001, 0.0004),
      name: fc.constantFrom('a', 'b'),
      links: fc.array(fc.nat({ max: 24 }), { maxLength: 2 }),
    }),
    { maxLength: 24 },
  )
  .map((drafts) =>
    drafts.map(({ parent, start, length, pid, thread, trace, unit, name, links }, i) => ({
      ...span(`s${i}`, `s${parent}`, [start * unit, (start + length) * unit], {
        pid,
        thread,
        name,
        links: links.map((link) => `s${link}`),
      }),
      traceId: `${trace}f`.repeat(16),
    })),
  );
