import type { ChildVariant } from '../../../benchmarks/child.ts';
import { type InterleaveOptions, interleave, type Row, row } from '../../../benchmarks/rig.ts';

/** How a process happens to lie in memory, and what V8 makes of the first messages, moves a row by 3 %. */
const SITTINGS = 3;

/** Interleaves rounds in processes of their own, a part of the rounds each time in fresh ones. */
export async function interleaveInSittings(
  start: (variant: string) => Promise<ChildVariant>,
  variants: readonly string[],
  { rounds, ...options }: Omit<InterleaveOptions, 'variants'>,
): Promise<Row[]> {
  const figures = new Map<string, { readonly unit: string; readonly rounds: number[] }>();
  for (let sitting = 0; sitting < SITTINGS; sitting++) {
    const children: Record<string, ChildVariant> = {};
    try {
      for (const variant of variants) children[variant] = await start(variant);
      const asked = Object.fromEntries(Object.entries(children).map(([name, child]) => [name, () => child.round()]));
      const rows = await interleave({ ...options, variants: asked, rounds: Math.ceil(rounds / SITTINGS) });
      for (const { name, unit, rounds: more } of rows) {
        const known = figures.get(name);
        if (known === undefined) figures.set(name, { unit, rounds: [...more] });
        else known.rounds.push(...more);
      }
    } finally {
      for (const child of Object.values(children)) await child.close();
    }
  }
  return [...figures].map(([name, { unit, rounds: all }]) => row(name, all, unit));
}
