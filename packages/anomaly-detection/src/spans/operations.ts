import { countDropped, warnOnce } from '@sonde/instrumentation-kit';
import { Operation } from './operation.ts';

const KINDS = 6;
/** Looks for which an operation keeps its place although others want it. */
const PROTECTED_LOOKS = 3;
const LONGEST_NAME = 200;

/** The operations that are watched, by kind and name; bounded as series are. */
export class Operations {
  readonly #limit: number;
  readonly #byKind: readonly Map<string, Operation>[] = Array.from({ length: KINDS }, () => new Map());
  readonly #onEvicted: (operation: Operation) => void;
  #size = 0;
  #look = 0;
  #last: Operation | undefined;
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
    for (const operations of this.#byKind) yield* operations.values();
  }

  /** The operation of a span, made at its first; undefined when there is no place. */
  find(name: string, kind: number): Operation | undefined {
    const last = this.#last;
    if (last !== undefined && last.name === name && last.kind === kind) return last;
    const operations = this.#byKind[kind] ?? (this.#byKind[KINDS - 1] as Map<string, Operation>);
    const operation = operations.get(name) ?? this.#add(operations, name, kind);
    this.#last = operation;
    return operation;
  }

  /** Takes in an operation that a former process knew. */
  restore(operation: Operation): void {
    const operations = this.#byKind[operation.kind] ?? (this.#byKind[KINDS - 1] as Map<string, Operation>);
    if (this.#size >= this.#limit || operations.has(operation.name)) return;
    operation.seenAt = this.#look;
    operations.set(operation.name, operation);
    this.#size++;
  }

  /** A new look has begun. */
  begin(look: number): void {
    this.#look = look;
    this.#isFull = false;
    for (const operation of this.values()) if (operation.spans > 0) operation.seenAt = look;
  }

  #add(operations: Map<string, Operation>, name: string, kind: number): Operation | undefined {
    if (name.length > LONGEST_NAME || (this.#size >= this.#limit && !this.#evict())) {
      countDropped('anomaly-detection.operations');
      return undefined;
    }
    const operation = new Operation(name, kind);
    operation.seenAt = this.#look;
    operations.set(name, operation);
    this.#size++;
    return operation;
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
    for (const operations of this.#byKind) if (operations.get(oldest.name) === oldest) operations.delete(oldest.name);
    this.#size--;
    this.#last = undefined;
    this.#onEvicted(oldest);
    return true;
  }
}

const FULL = 'Anomaly detection: all places for span operations are taken';
