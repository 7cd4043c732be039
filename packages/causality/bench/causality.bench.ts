/** What it costs to let the hybrid clock travel, to stamp spans with it, and to emit into chains. */
import { absoluteGate, type Benchmark } from '../../../benchmarks/rig.ts';
import { orderRows, STAMP } from './order-rows.ts';
import { propagationRows } from './propagation-rows.ts';

export const benchmark: Benchmark = {
  name: 'causality',
  description: 'the hybrid clock on messages, spans and events, beside the same without it',
  async run({ rounds, log }) {
    const propagation = await propagationRows(rounds, log);
    const order = await orderRows(rounds, log);
    const stamp = order.find(({ name }) => name === STAMP)?.median ?? Number.NaN;
    return {
      rows: [...propagation, ...order],
      gates: [absoluteGate({ gate: 'CPU ns to stamp a span', reach: '<= 100', measured: stamp, rows: order })],
    };
  },
};
