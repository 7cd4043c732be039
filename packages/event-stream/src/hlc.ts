import type { HybridClock, HybridTimestamp } from './types.ts';

/** Logical counts in a millisecond. */
const LOGICAL = 2 ** 16;

/** What a clock goes by. */
export interface HybridLogicalClockConfig {
  /** Milliseconds since `timeOriginMs`, monotonic. */
  readonly now: () => number;
  /** Epoch milliseconds of the clock's zero. */
  readonly timeOriginMs: number;
  /** How far ahead of this clock a time or a remote timestamp may be. */
  readonly maxDriftMs: number;
}

/**
 * What changes in a clock. An event at a time (in milliseconds of `now`) below `nextMs` may take the next stamp,
 * `++stamp`; before any other event the clock must `settle`. Lives where those who tick often find it without a detour:
 * in the ring writer.
 */
export interface ClockState {
  /** Stamp of the latest timestamp; the first is 1 or more. */
  stamp: number;
  nextMs: number;
}

/** Nothing has happened. The stamp is -0, so that V8 keeps it as a double from the start. */
export const INITIAL_CLOCK_STATE: Readonly<ClockState> = { stamp: -0, nextMs: Number.NEGATIVE_INFINITY };

/**
 * The hybrid logical clock of Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks" (OPODIS 2014),
 * figure 5: timestamps ascend strictly, stay close to physical time, and what was received orders before what is
 * emitted afterwards.
 *
 * A timestamp is a u64 of 48 bits of epoch milliseconds and 16 bits of logical counter. Here it is held as one number,
 * the *stamp*: that u64 minus the one of the clock's zero, which a double holds exactly for four years after it. So the
 * paper's case distinctions become additions and maxima, and an event costs one increment.
 *
 * Deviations: a full counter carries into the milliseconds (the paper leaves it unbounded), and remote timestamps too
 * far ahead are refused (section 6 of the paper), so that no peer can run the clock away.
 */
export class HybridLogicalClock implements HybridClock {
  readonly #state: ClockState;
  #rejected = 0;
  /** Reads the clock: milliseconds since its zero. */
  readonly now: () => number;
  readonly #timeOriginMs: number;
  readonly #zeroMs: number;
  readonly #maxDriftMs: number;

  constructor(config: HybridLogicalClockConfig, state: ClockState = { ...INITIAL_CLOCK_STATE }) {
    this.#state = state;
    this.now = config.now;
    this.#timeOriginMs = config.timeOriginMs;
    this.#zeroMs = zeroOfStamps(config.timeOriginMs);
    this.#maxDriftMs = config.maxDriftMs;
  }

  get physicalMs(): number {
    return physicalOf(this.#state.stamp, this.#zeroMs);
  }

  get logical(): number {
    return this.#state.stamp % LOGICAL;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Makes the next stamp one that is not behind the time of an event, and returns the time to note for it: the given
   * one, or the clock's when it is NaN or further ahead than the permitted drift.
   */
  settle(timeMs: number): number {
    const time = this.#plausible(timeMs);
    this.#state.nextMs = Math.floor(this.#timeOriginMs + time) + 1 - this.#timeOriginMs;
    this.#state.stamp = Math.max(this.#state.stamp, this.#stampAt(time) - 1);
    return time;
  }

  send(nowMs: number = Number.NaN): HybridTimestamp {
    // In the millisecond of the latest timestamp the next stamp will do.
    if (!(nowMs < this.#state.nextMs)) this.settle(nowMs);
    return timestampOf(++this.#state.stamp, this.#zeroMs);
  }

  receive(remote: HybridTimestamp, nowMs: number = Number.NaN): boolean {
    const received = stampOf(remote, this.#zeroMs);
    // The usual case: the sender is behind this clock, which is not behind the time.
    if (nowMs < this.#state.nextMs && received <= this.#state.stamp) {
      this.#state.stamp += 1;
      return true;
    }
    const now = this.#stampAt(this.#plausible(nowMs));
    if (!(received < now + (this.#maxDriftMs + 1) * LOGICAL)) {
      this.#rejected++;
      return false;
    }
    this.#state.stamp = Math.max(now, this.#state.stamp + 1, received + 1);
    return true;
  }

  /** Stamp of a millisecond's beginning. */
  #stampAt(timeMs: number): number {
    return (Math.floor(this.#timeOriginMs + timeMs) - this.#zeroMs) * LOGICAL;
  }

  /** A leap is checked against the clock. It can happen once a drift at most, so the clock is hardly read for it. */
  #plausible(timeMs: number): number {
    if (timeMs < this.#state.nextMs + this.#maxDriftMs) {
      return timeMs;
    }
    const nowMs = this.now();
    return timeMs <= nowMs + this.#maxDriftMs ? timeMs : nowMs;
  }
}

/** The epoch milliseconds that stamps count from, of a thread whose clock began at `timeOriginMs`. */
export function zeroOfStamps(timeOriginMs: number): number {
  return Math.floor(timeOriginMs);
}

/** Epoch milliseconds of a stamp. */
export function physicalOf(stamp: number, zeroMs: number): number {
  return zeroMs + Math.floor(stamp / LOGICAL);
}

/** The timestamp of a stamp as a bigint. Allocates: not for hot paths. */
export function bigIntOf(stamp: number, zeroMs: number): bigint {
  return BigInt(zeroMs) * BigInt(LOGICAL) + BigInt(stamp);
}

/** The u64 of a timestamp, as `EventRecord.hlc` has it. */
export function timestampToBigInt({ high, low }: HybridTimestamp): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** 16 hex digits, in the order of time; for carriers such as headers. Some 30 ns: every message carries one. */
export function formatTimestamp({ high, low }: HybridTimestamp): string {
  // One call, one flat string: toString(16) and padStart cost three times as much.
  return String.fromCharCode(
    digit(high >>> 28),
    digit((high >>> 24) & 15),
    digit((high >>> 20) & 15),
    digit((high >>> 16) & 15),
    digit((high >>> 12) & 15),
    digit((high >>> 8) & 15),
    digit((high >>> 4) & 15),
    digit(high & 15),
    digit(low >>> 28),
    digit((low >>> 24) & 15),
    digit((low >>> 20) & 15),
    digit((low >>> 16) & 15),
    digit((low >>> 12) & 15),
    digit((low >>> 8) & 15),
    digit((low >>> 4) & 15),
    digit(low & 15),
  );
}

/** The opposite of `formatTimestamp`; undefined for anything but 16 lower-case hex digits. */
export function parseTimestamp(text: string): HybridTimestamp | undefined {
  if (typeof text !== 'string' || text.length !== 16) return undefined;
  const high = parseWord(text, 0);
  const low = parseWord(text, 8);
  return Number.isNaN(high + low) ? undefined : { high, low };
}

/** Eight lower-case hex digits as an int32; NaN for anything else. */
function parseWord(text: string, from: number): number {
  let bits = 0;
  for (let i = from; i < from + 8; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) bits = (bits << 4) | (code - 48);
    else if (code >= 97 && code <= 102) bits = (bits << 4) | (code - 87);
    else return Number.NaN;
  }
  return bits;
}

/** Quotients are rounded down and multiplied again: the remainder of doubles costs several times as much. */
function timestampOf(stamp: number, zeroMs: number): HybridTimestamp {
  const milliseconds = Math.floor(stamp / LOGICAL);
  const physicalMs = zeroMs + milliseconds;
  const high = Math.floor(physicalMs / 2 ** 16);
  return { high: high | 0, low: ((physicalMs - high * 2 ** 16) << 16) | (stamp - milliseconds * LOGICAL) };
}

/** NaN for anything but two int32 (or u32) words. */
function stampOf({ high, low }: HybridTimestamp, zeroMs: number): number {
  const isValid =
    Number.isInteger(high) && Number.isInteger(low) && Math.abs(high) < 2 ** 32 && Math.abs(low) < 2 ** 32;
  if (!isValid) {
    return Number.NaN;
  }
  const physicalMs = (high >>> 0) * 2 ** 16 + (low >>> 16);
  return (physicalMs - zeroMs) * LOGICAL + (low & 0xffff);
}

/** Character code of a lower-case hex digit. */
function digit(value: number): number {
  return value < 10 ? 48 + value : 87 + value;
}
