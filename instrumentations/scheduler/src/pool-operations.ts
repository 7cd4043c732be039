import type { BoundHistogram } from '@sonde/hot-metrics';
import type { InstrumentsOf, LibuvPool } from '@sonde/instrumentation-kit';
import type { METRICS } from './metric-names.ts';

export interface PoolOperationsConfig {
  readonly pool: LibuvPool;
  readonly instrument: InstrumentsOf<typeof METRICS>['poolOperationDuration'];
  /** Told that an operation begins in the active context. */
  readonly onBegin: () => void;
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

  /** @returns what `end` takes */
  begin(): number {
    this.#pool.enter();
    this.#onBegin();
    return performance.now();
  }

  end(startMs: number): void {
    this.#pool.leave();
    this.#duration.record((performance.now() - startMs) / 1000);
  }

  /** It was handed over, but refused: nothing ran. */
  cancel(): void {
    this.#pool.leave();
  }
}
