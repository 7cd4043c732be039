/**
 * What observing the filesystem costs: `statSync`, `existsSync`, and callback `readFile` with 32 in flight; bare, with
 * Sonde loaded but off, with Sonde on, and with instrumentation-fs without and with a recording SDK.
 *
 * One process per variant, because all of them patch the same functions. Sonde and the recording peer run with the
 * same SDK: a batch span processor, a metric reader, and an active span.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/**
 * Two processes of one variant, measured one after the other in each round: memory layout differs from process to process,
 * which an A/A pair inside one process cannot show.
 */
const PROCESSES = 2;

async function rowsOf(operation: string, file: string, { rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const script = new URL('./vfs-child.ts', import.meta.url);
  const children: ChildVariant[] = [];
  const start = async (variant: string): Promise<() => Promise<number>> => {
    const own: ChildVariant[] = [];
    for (let index = 0; index < PROCESSES; index++)
      own.push(await childVariant(script, { args: [operation, variant, file], isPinned: true }));
    children.push(...own);
    return async () => {
      let cost = 0;
      for (const child of own) cost += await child.round();
      return cost / own.length;
    };
  };
  try {
    const variants: Record<string, () => Promise<number>> = {};
    for (const variant of VARIANTS) variants[variant] = await start(variant);
    log(`${operation}:`);
    return await interleave({ variants, aa: 'bare', rounds, log, warmup: 2 });
  } finally {
    for (const child of children) await child.close();
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
    const directory = mkdtempSync(join(tmpdir(), 'vfs-bench-'));
    const file = join(directory, 'file.txt');
    writeFileSync(file, 'x'.repeat(4096));
    try {
      for (const { operation, reach } of OPERATIONS) {
        const measured = await rowsOf(operation, file, options);
        gates.push(...gatesOf(operation, reach, measured));
        rows.push(...measured.map((row) => ({ ...row, name: `${operation}, ${row.name}` })));
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    return { rows, gates };
  },
};
