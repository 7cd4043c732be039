/** What it costs to find the critical path of a trace, to print it and to export it: microseconds of CPU a span. */
import { criticalPath, formatTrace, type PlainTraceSpan, toChromeTrace } from '@sonde/causality';
import { type Benchmark, cpuNanosPerOp, interleave, ratioGate } from '../../../benchmarks/rig.ts';

const FEW = 1000;
const MANY = 100_000;
const EPOCH_SECONDS = 1_790_000_000;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SMALL = `criticalPath, traces of ${FEW} spans`;
const LARGE = `criticalPath, a trace of ${MANY} spans`;

/** A tree of calls, eight a span, in three processes; each call takes a part of its parent's time. */
function spansOf(count: number): PlainTraceSpan[] {
  const resources = [1, 2, 3].map((pid) => ({ attributes: { 'service.name': `service-${pid}`, 'process.pid': pid } }));
  const spans: PlainTraceSpan[] = [];
  const times: [number, number][] = [];
  for (let i = 0; i < count; i += 1) {
    const [from, to] = times[(i - 1) >> 3] ?? [0, 1e9];
    const slot = (to - from) / 9;
    const start = i === 0 ? 0 : from + ((i - 1) & 7) * slot;
    const end = i === 0 ? 1e9 : start + slot * 0.9;
    times.push([start, end]);
    spans.push({
      traceId: TRACE_ID,
      spanId: idOf(i),
      parentSpanId: i === 0 ? '' : idOf((i - 1) >> 3),
      name: `operation ${i % 20}`,
      start: [EPOCH_SECONDS, Math.round(start)],
      end: [EPOCH_SECONDS, Math.round(end)],
      attributes: { 'thread.id': i & 3 },
      resource: resources[i % 3],
    });
  }
  return spans;
}

/** 16 hex digits, never all zero. */
function idOf(index: number): string {
  return (index + 1).toString(16).padStart(16, '0');
}

function perSpan(work: () => unknown, spans: number): () => number {
  return () => cpuNanosPerOp(spans, () => void work()) / 1000;
}

export const benchmark: Benchmark = {
  name: 'critical-path',
  description: 'the critical path of a finished trace, its tree and its file, beside parsing its spans from JSON',
  async run({ rounds, log }) {
    const few = spansOf(FEW);
    const many = spansOf(MANY);
    const json = JSON.stringify(many);
    const path = criticalPath(many);
    const rows = await interleave({
      variants: {
        'JSON.parse of the spans': perSpan(() => JSON.parse(json), MANY),
        [SMALL]: perSpan(() => {
          for (let i = 0; i < MANY / FEW; i += 1) criticalPath(few);
        }, MANY),
        [LARGE]: perSpan(() => criticalPath(many), MANY),
        toChromeTrace: perSpan(() => toChromeTrace(many, [], { criticalPaths: 0 }), MANY),
        'formatTrace, 100 lines of it': perSpan(() => formatTrace(path, { width: 100 }), MANY),
      },
      aa: SMALL,
      rounds,
      log,
      unit: 'us/span',
    });
    return {
      rows,
      gates: [
        ratioGate({
          gate: `cost of a span among ${MANY}, against one among ${FEW}`,
          rows,
          numerator: LARGE,
          denominator: SMALL,
          reach: '<= 4',
        }),
      ],
    };
  },
};
