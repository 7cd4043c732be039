/** `process.send` to a child and its reception: plain, with the instrumentation loaded but off, and on. */
import { childVariant } from '../../../benchmarks/child.ts';
import { type BenchmarkOptions, type BenchmarkResult, interleave, ratioGate } from '../../../benchmarks/rig.ts';

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
    // On one core: on which one the other end is woken decides more than all the rest.
    const pairs = await Promise.all(
      MODES.map((mode) => childVariant(PAIR, { args: [mode, serialization, shape], execArgv, isPinned: true })),
    );
    const name = (mode: string): string => `process.send, ${serialization}, ${SHAPES[shape]}, ${mode}`;
    const variants = Object.fromEntries(
      MODES.map((mode, index) => [name(mode), () => pairs[index]?.round() ?? Number.NaN]),
    );
    try {
      const rows = await interleave({ variants, aa: name('absent'), rounds, log });
      const gate = ratioGate({
        gate: `CPU of process.send and its reception with contexts, ${serialization}, ${SHAPES[shape]}`,
        rows,
        numerator: name('on'),
        denominator: name('absent'),
        reach,
      });
      results.push({ rows, gates: [gate] });
    } finally {
      await Promise.all(pairs.map((pair) => pair.close()));
    }
  }
  return { rows: results.flatMap(({ rows }) => rows), gates: results.flatMap(({ gates }) => gates) };
}
