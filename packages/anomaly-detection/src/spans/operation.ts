import { LATENCY_PROBABILITY, LatencyModel } from '@sonde/statistics';

/** Kinds of errors of one operation that are told apart. */
const MOST_ERRORS = 32;
/** Spans before an error that was never seen is a rare one, and how rare it has to be. */
const LEAST_SPANS = 5000;
const RARE_SHARE = 2e-5;

/** One operation: what its spans are like. */
export class Operation {
  readonly name: string;
  readonly kind: number;
  readonly latency: LatencyModel;
  /** Since the last look. */
  spans = 0;
  errors = 0;
  flagged = 0;
  /** Of the looks before. */
  allSpans = 0;
  allErrors = 0;
  /** The next one of the same name, of another kind. */
  other: Operation | undefined;
  /** Whether more of its spans fail than usual just now. */
  isFailing = false;
  seenAt = 0;
  readonly #errors = new Map<string, number>();

  constructor(name: string, kind: number, latency: LatencyModel = new LatencyModel()) {
    this.name = name;
    this.kind = kind;
    this.latency = latency;
  }

  /** How improbable a latency is that was flagged, as -log10. */
  improbability(seconds: number): number {
    const probability = Math.min(this.latency.tailProbability(seconds), LATENCY_PROBABILITY);
    return Math.min(12, -Math.log10(Math.max(probability, 1e-12)));
  }

  /** Notes an error of a kind; true when this kind is very rare for an operation that is known well. */
  noteError(type: string): boolean {
    const count = (this.#errors.get(type) ?? 0) + 1;
    if (count > 1 || this.#errors.size < MOST_ERRORS) this.#errors.set(type, count);
    else return false;
    const spans = this.allSpans + this.spans;
    return spans >= LEAST_SPANS && count <= Math.max(1, RARE_SHARE * spans);
  }

  /** For the next look. */
  clear(): void {
    this.allSpans += this.spans;
    this.allErrors += this.errors;
    this.spans = 0;
    this.errors = 0;
    this.flagged = 0;
  }
}
