/** What it costs to let the hybrid clock travel, to stamp spans with it, and to emit into chains. */
import { type Benchmark, ratioGate } from '../../../benchmarks/rig.ts';
import { orderRows, SPAN, STAMP } from './order-rows.ts';
import { propagationRows } from './propagation-rows.ts';

export const benchmark: Benchmark = {
  name: 'causality',
  description: 'the hybrid clock on messages, spans and events, beside the same without it',
  async run({ rounds, log }) {
    const propagation = await propagationRows(rounds, log);
    const order = await orderRows(rounds, log);
    return {
      rows: [...propagation, ...order],
      gates: [
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
