import type { Counter, Gauge, Histogram, UpDownCounter } from '@opentelemetry/api';
import type { Region } from './block-arena.ts';
import { START, TIME, TOTAL, UPDATES, VALUE } from './layout.ts';
import type { BoundCounter, BoundGauge, BoundUpDownCounter, HotAttributes } from './types.ts';

// Copies: V8 folds a constant of this module, but reads an imported one at each use.
const valueCell = VALUE;
const updatesCell = UPDATES;
const timeCell = TIME;

/** An ordinary instrument that a handle records into while no producer is attached. */
export type FallbackInstrument = Counter | UpDownCounter | Gauge | Histogram;

/** What a handle needs from its surroundings off the hot path. */
export interface HandleOwner {
  /** Counts a value that cannot be recorded and says it once. */
  reject(value: unknown): void;
  /** Counts what an ordinary instrument threw and says it once. */
  fallbackFailed(error: unknown): void;
  /** Epoch ms where several threads may set one gauge, 0 otherwise (a clock read costs more than all the rest). */
  gaugeTime(): number;
}

/** A handle as the registry sees it. */
export interface RoutedHandle {
  /** The ordinary instrument to record into, or null for the cells. Read at each record. */
  fallback: FallbackInstrument | null;
  readonly cells: Float64Array;
  readonly base: number;
  readonly attributes: HotAttributes;
}

/** Adds into one cell. */
export class CounterHandle implements BoundCounter, RoutedHandle {
  fallback: Counter | null = null;
  readonly cells: Float64Array;
  readonly base: number;
  readonly attributes: HotAttributes;
  readonly #total: number;
  readonly #owner: HandleOwner;
  #advancedTo = 0;

  constructor(region: Region, attributes: HotAttributes, owner: HandleOwner) {
    this.cells = region.cells;
    this.base = region.base;
    this.attributes = attributes;
    this.#total = region.base + TOTAL;
    this.#owner = owner;
    this.cells[this.#total] = -0;
  }

  add(n: number): void {
    if (typeof n !== 'number' || !(n >= 0 && n < Number.POSITIVE_INFINITY)) this.#owner.reject(n);
    else if (this.fallback !== null) addTo(this.fallback, n, this, this.#owner);
    else (this.cells[this.#total] as number) += n;
  }

  advanceTo(total: number): void {
    if (!isFiniteNumber(total) || total < 0) {
      this.#owner.reject(total);
      return;
    }
    const last = this.#advancedTo;
    this.#advancedTo = total;
    this.add(total >= last ? total - last : total);
  }
}

/** Adds into one cell, both ways. */
export class UpDownCounterHandle implements BoundUpDownCounter, RoutedHandle {
  fallback: UpDownCounter | null = null;
  readonly cells: Float64Array;
  readonly base: number;
  readonly attributes: HotAttributes;
  readonly #total: number;
  readonly #owner: HandleOwner;
  #advancedTo = 0;

  constructor(region: Region, attributes: HotAttributes, owner: HandleOwner) {
    this.cells = region.cells;
    this.base = region.base;
    this.attributes = attributes;
    this.#total = region.base + TOTAL;
    this.#owner = owner;
    this.cells[this.#total] = -0;
  }

  add(n: number): void {
    if (!isFiniteNumber(n)) this.#owner.reject(n);
    else if (this.fallback !== null) addTo(this.fallback, n, this, this.#owner);
    else (this.cells[this.#total] as number) += n;
  }

  advanceTo(total: number): void {
    if (!isFiniteNumber(total)) {
      this.#owner.reject(total);
      return;
    }
    const last = this.#advancedTo;
    this.#advancedTo = total;
    this.add(total - last);
  }
}

/** Sets one cell. */
export class GaugeHandle implements BoundGauge, RoutedHandle {
  fallback: Gauge | null = null;
  readonly cells: Float64Array;
  readonly base: number;
  readonly attributes: HotAttributes;
  readonly #owner: HandleOwner;

  constructor(region: Region, attributes: HotAttributes, owner: HandleOwner) {
    this.cells = region.cells;
    this.base = region.base;
    this.attributes = attributes;
    this.#owner = owner;
  }

  set(value: number): void {
    // NaN would overwrite the last good value; infinities are values that a gauge may have.
    if (typeof value !== 'number' || Number.isNaN(value)) this.#owner.reject(value);
    else if (this.fallback !== null) setOn(this.fallback, value, this, this.#owner);
    else {
      const { cells, base } = this;
      cells[base + valueCell] = value;
      (cells[base + updatesCell] as number) += 1;
      cells[base + timeCell] = this.#owner.gaugeTime();
    }
  }
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function setOn(target: Gauge, value: number, handle: RoutedHandle, owner: HandleOwner): void {
  try {
    target.record(value, handle.attributes as Record<string, never>);
  } catch (error) {
    owner.fallbackFailed(error);
  }
}

function addTo(target: Counter | UpDownCounter, n: number, handle: RoutedHandle, owner: HandleOwner): void {
  try {
    target.add(n, handle.attributes as Record<string, never>);
  } catch (error) {
    owner.fallbackFailed(error);
  }
}

/** Marks the moment from which on a handle's cells are written; later calls change nothing. */
export function beginRecording(handle: RoutedHandle, timeMs: number): void {
  const start = handle.base + START;
  if (handle.cells[start] === 0) handle.cells[start] = timeMs;
}
