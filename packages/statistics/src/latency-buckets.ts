import { bucketLower, bucketMiddle } from './bucket-mapping.ts';

/** Buckets an octave; 2 % wide each. */
export const RESOLUTION = 32;
/** 24 octaves, from a microsecond to 16 s for instance. */
export const WINDOW: number = 24 * RESOLUTION;

/**
 * Counts of two generations of values over one window of log-linear buckets, which slides up when a larger value comes
 * and starts anew around the last generation's middle. What lies below the window counts in its lowest bucket: a model
 * of the upper tail loses nothing by it.
 */
export class LatencyBuckets {
  /** Index (see `bucketIndex`) of the first bucket of the window. */
  offset = 0;
  readonly current: Uint32Array = new Uint32Array(WINDOW);
  readonly previous: Uint32Array = new Uint32Array(WINDOW);

  /** Values in the bucket at a position of the window, of both generations. */
  countAt(position: number): number {
    return (this.current[position] as number) + (this.previous[position] as number);
  }

  /** Slides so that `index` is inside, and returns its position. */
  include(index: number): number {
    if (index < this.offset) {
      return 0;
    }
    if (index >= this.offset + WINDOW) {
      this.#moveTo(index - WINDOW + 1);
    }
    return index - this.offset;
  }

  /** The current generation becomes the previous one; the window centres on it. */
  swap(): void {
    this.previous.set(this.current);
    this.current.fill(0);
    let highest = WINDOW - 1;
    while (highest > 0 && this.previous[highest] === 0) highest--;
    // A window that slid up for one huge value comes down again; room for growth stays above, if nothing falls out below.
    const lowest = this.previous.findIndex((count) => count > 0);
    const down = Math.min(WINDOW - 1 - highest, Math.max(0, WINDOW / 2 - lowest));
    if (lowest === 0 && down > 0) {
      this.#shiftUp(down);
    }
  }

  /** ln of the value that stands for a position. */
  logAt(position: number): number {
    return Math.log(bucketMiddle(this.offset + position, RESOLUTION));
  }

  /** The smallest value of a position. */
  lowerAt(position: number): number {
    return bucketLower(this.offset + position, RESOLUTION);
  }

  #moveTo(offset: number): void {
    const by = Math.min(offset - this.offset, WINDOW);
    for (const counts of [this.current, this.previous]) {
      let fallen = 0;
      for (let position = 0; position < by; position++) fallen += counts[position] as number;
      counts.copyWithin(0, by);
      counts.fill(0, WINDOW - by);
      counts[0] = (counts[0] as number) + fallen;
    }
    this.offset = offset;
  }

  /** Moves the window down, which only makes room below. */
  #shiftUp(by: number): void {
    this.previous.copyWithin(by, 0, WINDOW - by);
    this.previous.fill(0, 0, by);
    this.offset -= by;
  }
}
