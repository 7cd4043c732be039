/** Writing and reading the headers of a message, with and without the hybrid clock. */
import {
  type Context,
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type TextMapPropagator,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { CausalityPropagator } from '@sonde/causality';
import { readCarrier, writeCarrier } from '@sonde/instrumentation-kit';
import { cpuNanosPerOp, interleave, type Row } from '../../../benchmarks/rig.ts';

const OPERATIONS = 100_000;
const PEER = 'W3C';
const OURS = 'W3C within CausalityPropagator';

const active: Context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  traceState: createTraceState('ot=th:8'),
});

function inject(propagator: TextMapPropagator): (iterations: number) => void {
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) propagator.inject(active, {}, defaultTextMapSetter);
  };
}

function extract(propagator: TextMapPropagator): (iterations: number) => void {
  const carrier = {};
  propagator.inject(active, carrier, defaultTextMapSetter);
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  };
}

function carry(iterations: number): void {
  for (let i = 0; i < iterations; i += 1) readCarrier(writeCarrier(active));
}

export async function propagationRows(rounds: number, log: (line: string) => void): Promise<Row[]> {
  const w3c = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  });
  const ours = new CausalityPropagator({ propagator: w3c });
  const measured = (work: (iterations: number) => void) => (): number => cpuNanosPerOp(OPERATIONS, work);
  return await interleave({
    variants: {
      [`inject: ${PEER}`]: measured(inject(w3c)),
      [`inject: ${OURS}`]: measured(inject(ours)),
      [`extract: ${PEER}`]: measured(extract(w3c)),
      [`extract: ${OURS}`]: measured(extract(ours)),
      'writeCarrier and readCarrier, no propagator': measured(carry),
    },
    aa: `inject: ${PEER}`,
    rounds,
    log,
    warmup: 3,
  });
}
