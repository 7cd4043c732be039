import type { PlannedRequest } from './requests.ts';

/** Turns the sessions of visitors into ones that the service keeps, with a basket so large that memory grows as planned. */
export interface Baskets {
  /** From now on, until the next call; 0 puts nothing into baskets. */
  fill(bytesPerSecond: number): void;
  /** The request as it is to be sent. */
  alter(planned: PlannedRequest): PlannedRequest;
}

/** What a line of a basket takes in the heap of the service (sessions.ts), measured. */
const LINE_BYTES = 620;
/** Some 400 KB of JSON: well below the largest body that the service reads. */
const MOST_LINES = 12_000;

/** @param sessionsPerSecond how many visitors of that kind come and are let in */
export function createBaskets(sessionsPerSecond: number): Baskets {
  let linesPerSession = 0;
  return {
    fill: (bytesPerSecond) => {
      linesPerSession = Math.min(MOST_LINES, Math.round(bytesPerSecond / sessionsPerSecond / LINE_BYTES));
    },
    alter: (planned) => {
      if (linesPerSession === 0 || planned.route !== '/sessions' || planned.body === undefined) return planned;
      const basket = Array.from({ length: linesPerSession }, (_, i) => ({
        product: `p${i % 100}`,
        count: 1 + (i % 5),
      }));
      return { ...planned, body: JSON.stringify({ ...JSON.parse(planned.body), basket }) };
    },
  };
}
