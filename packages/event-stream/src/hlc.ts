import type { HybridClock, HybridTimestamp } from './types.ts';

/** Logical counts in one millisecond; one more moves the physical part on. */
const LOGICAL_MAX = 0xffff;
const LOGICAL_BITS = 2 ** 16;

export interface HybridLogicalClockConfig {
  /** Milliseconds since `timeOriginMs`, monotonic. */
  readonly now: () => number;
  /** Epoch milliseconds of the clock's zero. */
  readonly timeOriginMs: number;
  /** How far ahead of this clock a time or a remote timestamp may be. */
  readonly maxDriftMs: number;
}

/**
 * The hybrid logical clock of Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks" (OPODIS 2014),
 * figure 5: timestamps ascend strictly, stay close to physical time, and what was received orders before what is
 * emitted afterwards. 48 bits of epoch milliseconds and 16 bits of logical counter, held as the two int32 words of a
 * u64. Deviations: a full counter carries into the milliseconds (the paper leaves it unbounded), and remote timestamps
 * too far ahead are refused (section 6 of the paper), so that no peer can run the clock away.
 */
export class HybridLogicalClock implements HybridClock {
  /** Words of the latest timestamp. */
  high = 0;
  low = 0;
  /** Times below this one (in `now` milliseconds) do not move the physical part. */
  #nextMs = Number.NEGATIVE_INFINITY;
  #physicalMs = 0;
  #rejected = 0;
  readonly #now: () => number;
  readonly #timeOriginMs: number;
  readonly #maxDriftMs: number;

  constructor(config: HybridLogicalClockConfig) {
    this.#now = config.now;
    this.#timeOriginMs = config.timeOriginMs;
    this.#maxDriftMs = config.maxDriftMs;
  }

  get physicalMs(): number {
    return this.#physicalMs;
  }

  get logical(): number {
    return this.low & LOGICAL_MAX;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Advances by one event at `timeMs` and returns the time to note for it: the given one, or the clock's when it is
   * missing, NaN, negative, or further ahead than the permitted drift. In the common case one comparison and one add.
   */
  tick(timeMs: number | undefined): number {
    const time = (timeMs as number) >= 0 ? (timeMs as number) : this.#now();
    if (time < this.#nextMs && (this.low & LOGICAL_MAX) !== LOGICAL_MAX) {
      this.low = (this.low + 1) | 0;
      return time;
    }
    return this.#advance(time);
  }

  send(nowMs?: number): HybridTimestamp {
    this.tick(nowMs);
    return { high: this.high, low: this.low };
  }

  receive(remote: HybridTimestamp, nowMs?: number): boolean {
    const nowPhysicalMs = Math.floor(this.#timeOriginMs + this.#plausible(nowMs as number));
    const remoteMs = physicalOf(remote);
    if (!(remoteMs <= nowPhysicalMs + this.#maxDriftMs)) {
      this.#rejected++;
      return false;
    }
    const remoteLogical = remote.low & LOGICAL_MAX;
    const physicalMs = Math.max(this.#physicalMs, remoteMs, nowPhysicalMs);
    let logical = -1;
    if (physicalMs === this.#physicalMs) logical = this.logical;
    if (physicalMs === remoteMs) logical = Math.max(logical, remoteLogical);
    this.#set(physicalMs, logical + 1);
    return true;
  }

  #advance(timeMs: number): number {
    const time = this.#plausible(timeMs);
    const physicalMs = Math.floor(this.#timeOriginMs + time);
    if (physicalMs > this.#physicalMs) {
      this.#set(physicalMs, 0);
    } else {
      this.#set(this.#physicalMs, this.logical + 1);
    }
    return time;
  }

  /** A leap is checked against the clock. It can happen once a drift at most, so the clock is hardly read for it. */
  #plausible(timeMs: number): number {
    if (timeMs >= 0 && timeMs < this.#nextMs + this.#maxDriftMs) {
      return timeMs;
    }
    const nowMs = this.#now();
    return timeMs >= 0 && timeMs <= nowMs + this.#maxDriftMs ? timeMs : nowMs;
  }

  #set(physicalMs: number, logical: number): void {
    const isFull = logical > LOGICAL_MAX;
    const physical = isFull ? physicalMs + 1 : physicalMs;
    const high = Math.floor(physical / LOGICAL_BITS);
    this.#physicalMs = physical;
    this.#nextMs = physical + 1 - this.#timeOriginMs;
    this.high = high | 0;
    this.low = ((physical - high * LOGICAL_BITS) << 16) | (isFull ? 0 : logical);
  }
}

/** Epoch milliseconds of a timestamp; NaN when it is not two int32 (or u32) words. */
function physicalOf(timestamp: HybridTimestamp): number {
  const { high, low } = timestamp;
  const isValid =
    Number.isInteger(high) && Number.isInteger(low) && Math.abs(high) < 2 ** 32 && Math.abs(low) < 2 ** 32;
  return isValid ? (high >>> 0) * LOGICAL_BITS + (low >>> 16) : Number.NaN;
}

/** The u64 of a timestamp. Allocates: not for hot paths. */
export function timestampToBigInt(timestamp: HybridTimestamp): bigint {
  return (BigInt(timestamp.high >>> 0) << 32n) | BigInt(timestamp.low >>> 0);
}

/** 16 hex digits, in the order of time; for carriers such as headers. */
export function formatTimestamp(timestamp: HybridTimestamp): string {
  return hex(timestamp.high) + hex(timestamp.low);
}

/** The opposite of `formatTimestamp`; undefined for anything but 16 lower-case hex digits. */
export function parseTimestamp(text: string): HybridTimestamp | undefined {
  if (!/^[0-9a-f]{16}$/.test(text)) {
    return undefined;
  }
  return { high: Number.parseInt(text.slice(0, 8), 16) | 0, low: Number.parseInt(text.slice(8), 16) | 0 };
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
