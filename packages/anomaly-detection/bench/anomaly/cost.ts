import type { Create } from './detectors.ts';

const SERIES = 2000;

/** Process CPU time of a point, in nanoseconds: `points` values at 10 s through one detector. */
export function nanosPerPoint(create: Create, values: Float64Array, points: number): number {
  const detector = create();
  const before = process.cpuUsage();
  for (let i = 0; i < points; i++) detector.update(1.7e12 + i * 10_000, values[i % values.length]!);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / points;
}

/** Memory of a detector that has seen 200 points: heap and array buffers of 2,000 of them. Needs `--expose-gc` for a sharp figure. */
export function bytesPerSeries(create: Create, values: Float64Array): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  const used = (): number => {
    // Twice: array buffers go one collection later than the objects that held them.
    collect?.();
    collect?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const detectors = Array.from({ length: SERIES }, () => {
    const detector = create();
    for (let i = 0; i < 200; i++) detector.update(1.7e12 + i * 10_000, values[i % values.length]!);
    return detector;
  });
  const after = used();
  // Keeps them alive until here.
  return detectors.length === SERIES ? Math.round((after - before) / SERIES) : 0;
}
