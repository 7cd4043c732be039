/** Total stall times of one resource, in microseconds; undefined where the kernel does not tell (`full` of cpu). */
export interface Pressure {
  readonly some: number | undefined;
  readonly full: number | undefined;
}

function total(text: string, kind: string): number | undefined {
  const line = new RegExp(`^${kind} .*\\btotal=(\\d+)`, 'm').exec(text);
  return line === null ? undefined : Number(line[1]);
}

/** Parses pressure stall information: https://docs.kernel.org/accounting/psi.html */
export function parsePressure(text: string): Pressure {
  return { some: total(text, 'some'), full: total(text, 'full') };
}
