/** Parts that a floor is made of at most. */
const MOST_PARTS = 4;
/** Floors within which there has to be a step up. */
const FLOORS_OF_REST = 5;
/** Parts that are remembered; no window is longer. */
const RING = 256;

/** A climb as it is found. */
export interface ClimbStart {
  readonly nowMs: number;
  /** The floor that it has reached, and the rise that counts as a step, in the unit of the values. */
  readonly level: number;
  readonly step: number;
  /** Values in which it rose far enough to be found. */
  readonly values: number;
}

/**
 * Follows a climb that was found, until it comes to rest: until the highest floor, a floor being the lowest of
 * `floorLength` values, is less than a step above that of the time it took to be found ago, and of five floors ago at
 * least. Steps up to five floors apart are one climb, and rest shows six floors after the last. Counts values, not time:
 * while nothing is seen, nothing rests.
 */
export class Climb {
  readonly #partLength: number;
  readonly #parts: number;
  readonly #lowest: Float64Array;
  /** The highest floor so far at the end of each part, and when the part began; made when something climbs. */
  #tops: Float64Array | undefined;
  #startsMs: Float64Array | undefined;
  #ended = 0;
  #inPart = 0;
  #partMs = Number.NaN;
  #step = Number.NaN;
  #restParts = RING - MOST_PARTS;
  isAtRest = false;
  /** The highest floor so far. */
  top: number = Number.NaN;
  /** When it was as high as that, within a step, in epoch milliseconds; and how many values ago. Only at rest. */
  risenMs: number = Number.NaN;
  risenAgo = 0;

  constructor(floorLength: number) {
    this.#partLength = Math.ceil(floorLength / MOST_PARTS);
    this.#parts = Math.round(floorLength / this.#partLength);
    this.#lowest = new Float64Array(this.#parts);
  }

  begin({ nowMs, level, step, values }: ClimbStart): void {
    this.#tops ??= new Float64Array(RING);
    this.#startsMs ??= new Float64Array(RING);
    this.#tops[0] = level;
    this.#startsMs[0] = nowMs;
    this.#ended = 0;
    this.#inPart = 0;
    this.#step = step;
    this.#restParts = RING - MOST_PARTS;
    this.isAtRest = false;
    this.top = level;
    this.shorten(values);
  }

  /** It was found in fewer values than before, so that it has to go on as fast. */
  shorten(values: number): void {
    const parts = Math.max(FLOORS_OF_REST * this.#parts, Math.ceil(values / this.#partLength));
    if (parts < this.#restParts) this.#restParts = parts;
  }

  /** Takes a value in, once it has begun; what is not finite changes nothing. */
  update(nowMs: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const part = this.#ended % this.#parts;
    if (this.#inPart === 0) {
      this.#partMs = nowMs;
      this.#lowest[part] = value;
    } else if (value < (this.#lowest[part] as number)) this.#lowest[part] = value;
    if (++this.#inPart >= this.#partLength) this.#endPart();
  }

  #endPart(): void {
    const lowest = this.#lowest;
    const tops = this.#tops;
    const startsMs = this.#startsMs;
    this.#inPart = 0;
    const ended = ++this.#ended;
    if (tops === undefined || startsMs === undefined) return;
    if (ended >= this.#parts) {
      let floor = lowest[0] as number;
      for (let i = 1; i < this.#parts; i++) floor = Math.min(floor, lowest[i] as number);
      if (floor > this.top) this.top = floor;
    }
    tops[ended % RING] = this.top;
    startsMs[ended % RING] = this.#partMs;
    const then = ended - this.#restParts;
    // Before the first floor is known, a step may have come that does not show yet.
    this.isAtRest = then >= this.#parts && this.top < (tops[then % RING] as number) + this.#step;
    // A floor is as old as the first of its values.
    const risen = Math.max(0, then - this.#parts + 1);
    this.risenMs = startsMs[risen % RING] as number;
    this.risenAgo = (ended - risen) * this.#partLength;
  }
}
