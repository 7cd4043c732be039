import { type Context, context } from '@opentelemetry/api';
import type { BoundHistogram } from '@sonde/hot-metrics';
import { areWaitsRead, type InstrumentsOf, type LibuvPool, noteWait } from '@sonde/instrumentation-kit';
import type { METRICS } from './metric-names.ts';

export interface PoolOperationsConfig {
  readonly pool: LibuvPool;
  readonly instrument: InstrumentsOf<typeof METRICS>['poolOperationDuration'];
  /** Told that an operation begins in the active context. */
  readonly onBegin: () => void;
}

/** What took less is not noted as a wait of its request. A chunk of a compressed stream takes some 0.3 ms. */
const LONG_MS = 0.05;

/** An operation under way. */
export interface PoolWork {
  readonly startMs: number;
  /** Of the libuv pool. */
  readonly ticket: number;
  /** Whose it is, while somebody reads waits. */
  readonly active: Context | undefined;
}

/** One kind of work for the libuv pool. */
export class PoolOperation {
  readonly #pool: LibuvPool;
  readonly #duration: BoundHistogram;
  readonly #onBegin: () => void;

  constructor(name: string, config: PoolOperationsConfig) {
    this.#pool = config.pool;
    this.#duration = config.instrument.bind({ 'sonde.pool.operation': name });
    this.#onBegin = config.onBegin;
  }

  begin(): PoolWork {
    const startMs = performance.now();
    const ticket = this.#pool.enter(startMs);
    this.#onBegin();
    return { startMs, ticket, active: areWaitsRead() ? context.active() : undefined };
  }

  end({ startMs, ticket, active }: PoolWork): void {
    const endMs = performance.now();
    this.#pool.leave(endMs, ticket);
    this.#duration.record((endMs - startMs) / 1000);
    if (active === undefined || endMs - startMs < LONG_MS) return;
    const takenUpMs = this.#pool.takenUpMs(ticket, startMs, endMs);
    noteWait('pool', startMs, takenUpMs, active);
    noteWait('pool_work', takenUpMs, endMs, active);
  }

  /** It was handed over, but refused: nothing ran. */
  cancel({ ticket }: PoolWork): void {
    this.#pool.leave(undefined, ticket);
  }
}
