/** `process.send` to a child and its reception: plain, with contexts by hand, with the instrumentation loaded but off, and on. */
import { type ChildVariant, childVariant } from '../../../benchmarks/child.ts';
import { type BenchmarkOptions, type BenchmarkResult, ratioGate } from '../../../benchmarks/rig.ts';
import { interleaveInSittings } from './sittings.ts';

const PAIR = new URL('./process-pair.ts', import.meta.url);
/** In bursts, in one direction; or to and fro, so that each end is woken for each message. */
const SHAPES = { burst: 'in bursts', single: 'one at a time' } as const;
const MODES = ['absent', 'contexts alone', 'off', 'on'] as const;
const WAYS = [
  { serialization: 'json', shape: 'burst', reach: '<= 1.20' },
  { serialization: 'json', shape: 'single', reach: '<= 1.20' },
  { serialization: 'advanced', shape: 'burst', reach: '<= 1.10' },
  { serialization: 'advanced', shape: 'single', reach: '<= 1.10' },
] as const;

/** CPU of sender and receiver for one message, by serialisation and by how messages follow each other. */
export async function processRows({ rounds, log }: BenchmarkOptions): Promise<BenchmarkResult> {
  const results: BenchmarkResult[] = [];
  for (const { serialization, shape, reach } of WAYS) {
    const execArgv = ['--conditions=@sonde/source'];
    const name = (mode: string): string => `process.send, ${serialization}, ${SHAPES[shape]}, ${mode}`;
    // On one core: on which one the other end is woken decides more than all the rest.
    const start = (mode: string): Promise<ChildVariant> =>
      childVariant(PAIR, { args: [mode, serialization, shape], execArgv, isPinned: true });
    const measured = await interleaveInSittings(start, MODES, { aa: 'absent', rounds, log });
    const rows = measured.map((one) => ({ ...one, name: name(one.name) }));
    const gate = ratioGate({
      gate: `CPU of process.send and its reception with contexts, ${serialization}, ${SHAPES[shape]}`,
      rows,
      numerator: name('on'),
      denominator: name('absent'),
      reach,
    });
    results.push({ rows, gates: [gate] });
  }
  return { rows: results.flatMap(({ rows }) => rows), gates: results.flatMap(({ gates }) => gates) };
}
