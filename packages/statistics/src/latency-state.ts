import { RESOLUTION, WINDOW } from './latency-buckets.ts';
import type { Tail } from './latency-tail.ts';
import { readCount, readFields, readFinite, readInteger } from './state.ts';

/** A latency model as plain JSON. Counts come as pairs of position in the window and count. */
export interface LatencyModelState {
  readonly version: 1;
  readonly offset: number;
  readonly isEmpty: boolean;
  readonly current: readonly (readonly [position: number, count: number])[];
  readonly previous: readonly (readonly [position: number, count: number])[];
  readonly untilRefit: number;
  readonly invalidCount: number;
  readonly flagged: number;
  readonly correction: number;
  readonly tail: Readonly<Tail>;
}

const WHAT = 'LatencyModel state';
/** Doubles reach from 2^-1074 to 2^1024. */
const FARTHEST = 1100 * RESOLUTION;
/** Twice what two generations can hold. */
const MOST = 2 ** 20;

/** Checks a state that may come from a file. @throws TypeError or RangeError that names the field */
export function readLatencyState(state: unknown): LatencyModelState {
  const fields = readFields(WHAT, state, 1);
  const tail = readFields(`${WHAT}: tail`, fields.tail);
  return {
    version: 1,
    offset: readInteger(WHAT, 'offset', fields.offset, [-FARTHEST, FARTHEST]),
    isEmpty: fields.isEmpty === true,
    current: readPairs('current', fields.current),
    previous: readPairs('previous', fields.previous),
    untilRefit: readInteger(WHAT, 'untilRefit', fields.untilRefit, [1, 1024]),
    invalidCount: readCount(WHAT, 'invalidCount', fields.invalidCount),
    flagged: readCount(WHAT, 'flagged', fields.flagged),
    correction: readFinite(WHAT, 'correction', fields.correction, [-8, 8]),
    tail: {
      start: readFinite(WHAT, 'tail.start', tail.start, [0, Number.MAX_VALUE]),
      share: readFinite(WHAT, 'tail.share', tail.share, [0, 1]),
      index: readFinite(WHAT, 'tail.index', tail.index, [0, 100]),
    },
  };
}

function readPairs(field: string, value: unknown): [number, number][] {
  if (!Array.isArray(value) || value.length > WINDOW) {
    throw new TypeError(`${WHAT}: ${field} must be a list of at most ${WINDOW} pairs`);
  }
  return value.map((pair: unknown, i) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(`${WHAT}: ${field}[${i}] must be a pair of position and count`);
    }
    return [
      readInteger(WHAT, `${field}[${i}][0]`, pair[0], [0, WINDOW - 1]),
      readInteger(WHAT, `${field}[${i}][1]`, pair[1], [0, MOST]),
    ];
  });
}
