import { CATEGORIES, type Category, Severity } from './event-types.ts';

/**
 * Decides for all handles of one category and severity what becomes of their events. Handles share it; levels and
 * thinning change it behind them, so that no list of handles has to be kept.
 */
export class Admission {
  /** Write the event and be done: all that most events look at. */
  isPlain = true;
  /** Show the event to other threads at once. */
  readonly isUrgent: boolean;
  /** Keep one in this many; 0 keeps none. */
  #keepOneIn = 1;
  #sinceKept = 0;
  readonly #onThinned: () => void;

  constructor(isUrgent: boolean, onThinned: () => void) {
    this.isUrgent = isUrgent;
    this.#onThinned = onThinned;
  }

  get isEnabled(): boolean {
    return this.#keepOneIn > 0;
  }

  /** For when it is not plain: whether this event is one to keep. Counts those that are thinned out. */
  admit(): boolean {
    if (this.#keepOneIn === 0) {
      return false;
    }
    this.#sinceKept++;
    if (this.#sinceKept >= this.#keepOneIn) {
      this.#sinceKept = 0;
      return true;
    }
    this.#onThinned();
    return false;
  }

  set(keepOneIn: number): void {
    this.#keepOneIn = keepOneIn;
    this.isPlain = keepOneIn === 1 && !this.isUrgent;
  }
}

/** The admissions of a stream, and the levels and thinning that they follow. */
export class AdmissionTable {
  readonly #admissions = new Map<number, Admission>();
  readonly #levels = new Float64Array(CATEGORIES.length);
  readonly #onThinned: () => void;
  #ratio = 1;

  constructor(onThinned: () => void) {
    this.#onThinned = onThinned;
  }

  /** The one of a category (by index) and severity. */
  of(category: number, severity: number): Admission {
    const key = category * 256 + severity;
    let admission = this.#admissions.get(key);
    if (admission === undefined) {
      admission = new Admission(severity >= Severity.WARN, this.#onThinned);
      this.#admissions.set(key, admission);
      this.#apply(key, admission);
    }
    return admission;
  }

  setLevel(severity: number, category?: Category): void {
    if (typeof severity !== 'number' || Number.isNaN(severity)) {
      throw new RangeError(`event stream: level must be a severity number, 0 or Infinity, got ${String(severity)}`);
    }
    if (category === undefined) {
      this.#levels.fill(severity);
    } else {
      const index = CATEGORIES.indexOf(category);
      if (index < 0) {
        throw new RangeError(`event stream: category must be one of ${CATEGORIES.join(', ')}, got ${String(category)}`);
      }
      this.#levels[index] = severity;
    }
    this.#applyAll();
  }

  setThinning(ratio: number): void {
    if (!Number.isSafeInteger(ratio) || ratio < 1) {
      throw new RangeError(`event stream: thinning ratio must be an integer >= 1, got ${String(ratio)}`);
    }
    this.#ratio = ratio;
    this.#applyAll();
  }

  #applyAll(): void {
    for (const [key, admission] of this.#admissions) this.#apply(key, admission);
  }

  #apply(key: number, admission: Admission): void {
    const severity = key % 256;
    const level = this.#levels[Math.floor(key / 256)] as number;
    admission.set(severity < level ? 0 : admission.isUrgent ? 1 : this.#ratio);
  }
}
