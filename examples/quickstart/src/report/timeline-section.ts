import { type Fault, type FaultKind, isPointFault } from '../load/protocol.ts';
import type { Sample } from '../telemetry/timeline.ts';
import type { AnomalyFinding } from './anomalies.ts';
import { describeFault } from './describe-fault.ts';
import { bytes, clock, count, duration } from './format.ts';
import { type Cell, type Curve, left, lines, right, type Section, table, toned } from './model.ts';

const LETTERS: Readonly<Record<FaultKind, string>> = {
  'slow-file': 's',
  'blocked-loop': 'b',
  'error-storm': 'E',
  'heap-leak': 'H',
  'slow-filesystem': 'F',
};
const LEGEND = 's slow file, b blocked loop, E error storm, H heap leak, F slow filesystem';

export interface TimelineFacts {
  readonly samples: readonly Sample[];
  readonly faults: readonly Fault[];
  readonly anomalies: readonly AnomalyFinding[];
  readonly startMs: number;
  readonly elapsedMs: number;
}

/** How the service fared over time, from its metrics, and what was done to it. */
export function timelineSection({ samples, faults, anomalies, startMs, elapsedMs }: TimelineFacts): Section {
  const title = 'Timeline';
  const during = samples.filter(({ atMs }) => atMs >= startMs);
  if (during.length === 0) return { title, blocks: [lines(toned('Too few metrics arrived.', 'dim'))] };
  const curve = (name: string, pick: (sample: Sample) => number, words: (value: number) => string): Curve => {
    const points = during.map((sample) => ({ atMs: sample.atMs - startMs, value: pick(sample) }));
    const peak = Math.max(...points.map(({ value }) => value).filter((value) => !Number.isNaN(value)));
    return { title: name, points, scale: 'linear', peak: words(peak) };
  };
  const lasting = faults.filter((fault) => !isPointFault(fault));
  const endOf = (fault: Fault): number =>
    Math.min(elapsedMs, (fault.endMs ?? fault.startMs + fault.durationMs) - startMs);
  return {
    title,
    blocks: [
      {
        kind: 'chart',
        durationMs: elapsedMs,
        curves: [
          curve('requests/s', ({ requestsPerSecond }) => requestsPerSecond, count),
          curve(
            'errors/s',
            ({ errorsPerSecond }) => errorsPerSecond,
            (value) => value.toFixed(1),
          ),
          { ...curve('p99 (log)', ({ p99Ms }) => p99Ms, duration), scale: 'logarithmic' },
          curve('heap', ({ heapBytes }) => heapBytes, bytes),
        ],
        marks: faults.map((fault) => ({
          letter: LETTERS[fault.kind],
          fromMs: fault.startMs - startMs,
          toMs: endOf(fault),
          text: describeFault(fault),
        })),
        notices: anomalies.map(({ toldMs, message }) => ({ atMs: toldMs - startMs, text: message })),
      },
      lines(
        toned(
          `${faults.length === 0 ? '' : `${LEGEND}. `}Of each second; the figures on the right are the largest.`,
          'dim',
        ),
      ),
      ...(lasting.length === 0
        ? []
        : [
            table(
              [right('at'), right('until'), left('what was done to it')],
              lasting.map((fault): Cell[] => [
                clock(fault.startMs - startMs),
                clock(endOf(fault)),
                describeFault(fault),
              ]),
            ),
          ]),
    ],
  };
}
