import type { Tracer } from '@opentelemetry/api';
import type { EventHandle } from '@sonde/event-stream';
import type { InstrumentsOf } from '@sonde/instrumentation-kit';
import type { ResolvedConfig } from './config.ts';
import type { METRICS } from './metric-names.ts';
import type { TELEMETRY } from './semantic-names.ts';

/** What every part of the scheduler gets. */
export interface Surroundings {
  readonly config: ResolvedConfig;
  readonly instruments: InstrumentsOf<typeof METRICS>;
  readonly events: { readonly [Key in keyof typeof TELEMETRY.events]: EventHandle };
  readonly tracer: () => Tracer;
  readonly isMainThread: boolean;
}

/** A part that runs. */
export interface Part {
  /** Refreshes what is read rather than recorded; called at each collection. */
  readonly observe?: (nowMs: number) => void;
  readonly stop: () => void;
}
