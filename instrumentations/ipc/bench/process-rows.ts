/** `process.send` to a child and its reception: plain, with the instrumentation loaded but off, and on. */
import { childVariant } from '../../../benchmarks/child.ts';
import { type BenchmarkOptions, type BenchmarkResult, interleave, ratioGate } from '../../../benchmarks/rig.ts';

const PAIR = new URL('./process-pair.ts', import.meta.url);
const MODES = ['absent', 'contexts alone', 'off', 'on'] as const;
const REACH = { json: '<= 1.20', advanced: '<= 1.10' } as const;

/** CPU of sender and receiver for one message, by serialisation. */
export async function processRows({ rounds, log }: BenchmarkOptions): Promise<BenchmarkResult> {
  const results: BenchmarkResult[] = [];
  for (const serialization of ['json', 'advanced'] as const) {
    const execArgv = ['--conditions=@sonde/source'];
    const pairs = await Promise.all(
      MODES.map((mode) => childVariant(PAIR, { args: [mode, serialization], execArgv, isPinned: false })),
    );
    const name = (mode: string): string => `process.send, ${serialization}, ${mode}`;
    const variants = Object.fromEntries(
      MODES.map((mode, index) => [name(mode), () => pairs[index]?.round() ?? Number.NaN]),
    );
    try {
      const rows = await interleave({ variants, aa: name('absent'), rounds, log });
      const gate = ratioGate({
        gate: `CPU of process.send and its reception with contexts, ${serialization}`,
        rows,
        numerator: name('on'),
        denominator: name('absent'),
        reach: REACH[serialization],
      });
      results.push({ rows, gates: [gate] });
    } finally {
      await Promise.all(pairs.map((pair) => pair.close()));
    }
  }
  return { rows: results.flatMap(({ rows }) => rows), gates: results.flatMap(({ gates }) => gates) };
}
