/**
 * What observing messages costs: CPU time of sender and receiver together, a message of an object of ten fields; bare,
 * with Sonde loaded but off, and on. One process per variant, because all of them patch the same functions.
 */
import { type ChildVariant, childVariant } from '../../../benchmarks/child.ts';
import {
  type Benchmark,
  type BenchmarkOptions,
  type BenchmarkResult,
  type Gate,
  type Row,
  ratioGate,
} from '../../../benchmarks/rig.ts';
import { processRows } from './process-rows.ts';
import { interleaveInSittings } from './sittings.ts';
import { VARIANTS } from './variants.ts';

/** A way to send: the script that is one variant of it, and what it may cost with Sonde on. */
interface Way {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** On one core: where one end at a time is at work, which core the other one is woken on decides more than all the rest. */
  readonly isPinned: boolean;
  readonly reach: string;
}

const WAYS: readonly Way[] = [
  {
    name: 'worker.postMessage, 64 in flight',
    script: './threads-child.ts',
    args: ['64'],
    isPinned: false,
    reach: '<= 1.12',
  },
  {
    name: 'worker.postMessage, one at a time',
    script: './threads-child.ts',
    args: ['1'],
    isPinned: true,
    reach: '<= 1.12',
  },
];

async function rowsOf({ name, script, args, isPinned }: Way, { rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const url = new URL(script, import.meta.url);
  log(`${name}:`);
  const start = (variant: string): Promise<ChildVariant> => childVariant(url, { args: [variant, ...args], isPinned });
  return await interleaveInSittings(start, VARIANTS, { aa: 'bare', rounds, log });
}

function gateOf({ name, reach }: Way, rows: readonly Row[]): Gate {
  return ratioGate({ gate: `${name}: on against bare`, rows, numerator: 'on', denominator: 'bare', reach });
}

export const benchmark: Benchmark = {
  name: 'ipc',
  description: 'CPU of sender and receiver for a message of ten fields, bare and with Sonde',
  async run(options): Promise<BenchmarkResult> {
    const rows: Row[] = [];
    const gates: Gate[] = [];
    for (const way of WAYS) {
      const measured = await rowsOf(way, options);
      gates.push(gateOf(way, measured));
      rows.push(...measured.map((row) => ({ ...row, name: `${way.name}, ${row.name}` })));
    }
    const processes = await processRows(options);
    return { rows: [...rows, ...processes.rows], gates: [...gates, ...processes.gates] };
  },
};
