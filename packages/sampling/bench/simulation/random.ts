/** A seeded source of chance: the same seed, the same run. */
export interface Chance {
  /** 0 to 1, 32 bits. */
  next(): number;
  /** The last 14 hex digits of a trace id. */
  randomness(): string;
  normal(): number;
}

/** sfc32 (PractRand): 128 bits of state, warmed up. */
export function chance(seed: number): Chance {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const bits = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i += 1) bits();
  const next = (): number => bits() / 2 ** 32;
  return {
    next,
    randomness: () => bits().toString(16).padStart(8, '0') + (bits() >>> 8).toString(16).padStart(6, '0'),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
