/** Events and spans with their place in the causal order, beside those without. */
import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { CausalOrderSpanProcessor, emitCausal, emitInChain, runInChain, stampSpan } from '@sonde/causality';
import { type EventDefinition, eventStream, Severity } from '@sonde/event-stream';
import { activeContext } from '@sonde/instrumentation-kit';
import { cpuNanosPerOp, interleave, type Row } from '../../../benchmarks/rig.ts';

const OPERATIONS = 100_000;

const EVENT: EventDefinition = {
  name: 'bench.causality.event',
  category: 'process',
  severity: Severity.INFO,
  description: 'Something happened.',
  value: { key: 'bench.value', unit: 's', description: 'How long it took.' },
};
const FIELDS = { value: 1 };

const stamping: SpanProcessor = {
  onStart: (span) => stampSpan(span),
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
};

function spans(...spanProcessors: SpanProcessor[]): (iterations: number) => void {
  const tracer = new TracerProvider({ spanProcessors }).getTracer('bench');
  const parent = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('parent'));
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) tracer.startSpan('work', undefined, parent).end();
  };
}

function stamps(span: Span): (iterations: number) => void {
  const { clock } = eventStream();
  return (iterations) => {
    for (let i = 0; i < iterations; i += 1) stampSpan(span, clock);
  };
}

/** Runs with a span active, so that there is a trace to belong to. */
function inTrace(work: () => void): (iterations: number) => void {
  const span = new TracerProvider().getTracer('bench').startSpan('work');
  const active = trace.setSpan(ROOT_CONTEXT, span);
  return (iterations) =>
    context.with(active, () => {
      for (let i = 0; i < iterations; i += 1) work();
    });
}

function inChain(work: () => void): (iterations: number) => void {
  return (iterations) =>
    runInChain('bench', () => {
      for (let i = 0; i < iterations; i += 1) work();
    });
}

export const STAMP = 'stampSpan';
export const SPAN = 'a span';

export async function orderRows(rounds: number, log: (line: string) => void): Promise<Row[]> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const handle = eventStream().event(EVENT);
  const open = new TracerProvider().getTracer('bench').startSpan('open');
  const measured = (work: (iterations: number) => void) => (): number => cpuNanosPerOp(OPERATIONS, work);
  try {
    return await interleave({
      variants: {
        'emit with the active trace': measured(inTrace(() => handle.emit(undefined, 1, undefined, activeContext()))),
        'emitCausal in a trace': measured(inTrace(() => emitCausal(EVENT, FIELDS))),
        'emitCausal in a chain': measured(inChain(() => emitCausal(EVENT, FIELDS))),
        'emitInChain, from elsewhere': measured(inTrace(() => emitInChain(EVENT, 'bench', FIELDS))),
        runInChain: measured((iterations) => {
          for (let i = 0; i < iterations; i += 1) runInChain('bench', () => {});
        }),
        [SPAN]: measured(spans()),
        'a span with stampSpan': measured(spans(stamping)),
        'a span with CausalOrderSpanProcessor': measured(spans(new CausalOrderSpanProcessor())),
        [STAMP]: measured(stamps(open)),
      },
      aa: STAMP,
      rounds,
      log,
      warmup: 3,
    });
  } finally {
    context.disable();
  }
}
