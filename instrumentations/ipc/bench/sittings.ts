import type { ChildVariant } from '../../../benchmarks/child.ts';
import { type InterleaveOptions, interleave, type Row, row } from '../../../benchmarks/rig.ts';

/** How a process happens to lie in memory moves a row by 3 %. */
const SITTINGS = 3;
/** Rounds until V8 has compiled all that there is to compile, which counts as CPU time of the messages. */
const WARMUP = 6;

/** Interleaves rounds in processes of their own, a part of the rounds each time in fresh ones. */
export async function interleaveInSittings(
  start: (variant: string) => Promise<ChildVariant>,
  variants: readonly string[],
  { rounds, ...options }: Omit<InterleaveOptions, 'variants' | 'warmup'>,
): Promise<Row[]> {
  const figures = new Map<string, { readonly unit: string; readonly rounds: number[] }>();
  for (let sitting = 0; sitting < SITTINGS; sitting++) {
    const children: Record<string, ChildVariant> = {};
    try {
      for (const variant of variants) children[variant] = await start(variant);
      const asked = Object.fromEntries(Object.entries(children).map(([name, child]) => [name, () => child.round()]));
      const share = { variants: asked, rounds: Math.ceil(rounds / SITTINGS), warmup: WARMUP };
      const rows = await interleave({ ...options, ...share });
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
