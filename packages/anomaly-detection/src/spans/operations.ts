import { countDropped, warnOnce } from '@sonde/instrumentation-kit';
import { Operation } from './operation.ts';

/** Span kinds of OpenTelemetry. */
const KINDS: ReadonlySet<number> = new Set([0, 1, 2, 3, 4]);
/** Looks for which an operation keeps its place although others want it. */
const PROTECTED_LOOKS = 3;
const LONGEST_NAME = 200;

/** The operations that are watched, by kind and name; bounded as series are. */
export class Operations {
  readonly #limit: number;
  /** The first operation of each name; those of other kinds hang on it. */
  readonly #byName = new Map<string, Operation>();
  readonly #onEvicted: (operation: Operation) => void;
  #size = 0;
  #look = 0;
  /** Whether places were sought in vain during this look: then it is not tried for each span. */
  #isFull = false;

  constructor(limit: number, onEvicted: (operation: Operation) => void) {
    this.#limit = limit;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#size;
  }

  *values(): Generator<Operation> {
    for (const first of this.#byName.values()) {
      for (let operation: Operation | undefined = first; operation !== undefined; operation = operation.other) {
        yield operation;
      }
    }
  }

  /** The operation of a span, made at its first; undefined when there is no place. */
  find(name: string, kind: number): Operation | undefined {
    const operation = this.#byName.get(name);
    return operation !== undefined && operation.kind === kind ? operation : this.#findOther(operation, name, kind);
  }

  /** Takes in an operation that a former process knew. */
  restore(operation: Operation): void {
    if (this.#size >= this.#limit || this.#byName.has(operation.name)) return;
    this.#place(operation);
  }

  /** A new look has begun. */
  begin(look: number): void {
    this.#look = look;
    this.#isFull = false;
    for (const operation of this.values()) if (operation.spans > 0) operation.seenAt = look;
  }

  #findOther(first: Operation | undefined, name: string, kind: number): Operation | undefined {
    for (let operation = first; operation !== undefined; operation = operation.other) {
      if (operation.kind === kind) return operation;
    }
    return this.#add(name, kind);
  }

  #add(name: string, kind: number): Operation | undefined {
    const isOdd = typeof name !== 'string' || name.length > LONGEST_NAME || !KINDS.has(kind);
    if (isOdd || (this.#size >= this.#limit && !this.#evict())) {
      countDropped('anomaly-detection.operations');
      return undefined;
    }
    const operation = new Operation(name, kind);
    this.#place(operation);
    return operation;
  }

  #place(operation: Operation): void {
    operation.seenAt = this.#look;
    operation.other = this.#byName.get(operation.name);
    this.#byName.set(operation.name, operation);
    this.#size++;
  }

  #remove(gone: Operation): void {
    const first = this.#byName.get(gone.name);
    if (first === gone) {
      if (gone.other === undefined) this.#byName.delete(gone.name);
      else this.#byName.set(gone.name, gone.other);
    }
    for (let operation = first; operation !== undefined; operation = operation.other) {
      if (operation.other === gone) operation.other = gone.other;
    }
    this.#size--;
  }

  #evict(): boolean {
    if (this.#isFull) return false;
    let oldest: Operation | undefined;
    for (const operation of this.values()) {
      if (operation.spans === 0 && (oldest === undefined || operation.seenAt < oldest.seenAt)) oldest = operation;
    }
    if (oldest === undefined || this.#look - oldest.seenAt < PROTECTED_LOOKS) {
      this.#isFull = true;
      warnOnce('anomaly-detection.operations', `${FULL} (${this.#limit}): further ones are not watched, but counted`);
      return false;
    }
    this.#remove(oldest);
    this.#onEvicted(oldest);
    return true;
  }
}

const FULL = 'Anomaly detection: all places for span operations are taken';
