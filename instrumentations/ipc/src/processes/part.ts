import type { Part, Surroundings } from '../part.ts';

export function startProcesses(_surroundings: Surroundings): Part {
  return { stop() {} };
}
