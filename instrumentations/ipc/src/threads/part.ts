import type { Part, Surroundings } from '../part.ts';

export function startThreads(_surroundings: Surroundings): Part {
  return { stop() {} };
}
