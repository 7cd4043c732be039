/** What it costs to let the hybrid clock travel, to stamp spans with it, to emit into chains, and to blame. */
import { type Benchmark, ratioGate } from '../../../benchmarks/rig.ts';
import { measureBlame } from './blame.ts';
import { orderRows, SPAN, STAMP } from './order-rows.ts';
import { propagationRows } from './propagation-rows.ts';

export const benchmark: Benchmark = {
  name: 'causality',
  description: 'the hybrid clock on messages, spans and events, beside the same without it',
  async run({ rounds, log }) {
    const propagation = await propagationRows(rounds, log);
    const order = await orderRows(rounds, log);
    const blame = await measureBlame({ rounds, log });
    return {
      rows: [...propagation, ...order, ...blame.rows],
      gates: [
        ...blame.gates,
        ratioGate({
          gate: 'to stamp a span, against the span',
          rows: order,
          numerator: STAMP,
          denominator: SPAN,
          reach: '<= 0.15',
        }),
      ],
    };
  },
};
