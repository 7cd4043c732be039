/**
 * What observing the filesystem costs: `statSync`, `existsSync`, and callback `readFile` with 32 in flight; bare, with
 * Sonde loaded but off, with Sonde on, and with instrumentation-fs without and with a recording SDK.
 *
 * One process per variant, because all of them patch the same functions. Sonde and the recording peer run with the
 * same SDK: a batch span processor, a metric reader, and an active span.
 */
import { type ChildVariant, childVariant } from '../../../benchmarks/child.ts';
import {
  addedCostGate,
  type Benchmark,
  type BenchmarkOptions,
  type BenchmarkResult,
  type Gate,
  interleave,
  type Row,
  ratioGate,
} from '../../../benchmarks/rig.ts';

const VARIANTS = ['bare', 'loaded but off', 'on', 'instrumentation-fs', 'instrumentation-fs recording'] as const;

const OPERATIONS = [
  { operation: 'statSync', reach: '<= 1.15' },
  { operation: 'existsSync', reach: '<= 1.15' },
  { operation: 'readFile', reach: '<= 1.12' },
] as const;

async function rowsOf(operation: string, { rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const script = new URL('./vfs-child.ts', import.meta.url);
  const children: [string, ChildVariant][] = [];
  for (const variant of VARIANTS) children.push([variant, await childVariant(script, { args: [operation, variant] })]);
  try {
    const variants = Object.fromEntries(children.map(([name, child]) => [name, () => child.round()]));
    log(`${operation}:`);
    return await interleave({ variants, aa: 'bare', rounds, log, warmup: 2 });
  } finally {
    for (const [, child] of children) await child.close();
  }
}

function gatesOf(operation: string, reach: string, rows: readonly Row[]): Gate[] {
  return [
    ratioGate({ gate: `${operation}: on against bare`, rows, numerator: 'on', denominator: 'bare', reach }),
    addedCostGate({
      gate: `${operation}: added cost against that of instrumentation-fs, both recording`,
      rows,
      base: 'bare',
      ours: 'on',
      peer: 'instrumentation-fs recording',
      reach: '<= 0.1',
    }),
  ];
}

export const benchmark: Benchmark = {
  name: 'vfs',
  description: 'statSync, existsSync and 32-fold callback readFile, bare, with Sonde, with instrumentation-fs',
  async run(options): Promise<BenchmarkResult> {
    const rows: Row[] = [];
    const gates: Gate[] = [];
    for (const { operation, reach } of OPERATIONS) {
      const measured = await rowsOf(operation, options);
      gates.push(...gatesOf(operation, reach, measured));
      rows.push(...measured.map((row) => ({ ...row, name: `${operation}, ${row.name}` })));
    }
    return { rows, gates };
  },
};
