import type { Tracer } from '@opentelemetry/api';
import type { EventHandle } from '@sonde/event-stream';
import type { InstrumentsOf } from '@sonde/instrumentation-kit';
import type { Channels } from './channels.ts';
import type { ResolvedConfig } from './config.ts';
import type { TELEMETRY } from './semantic-names.ts';

/** What every part gets. */
export interface Surroundings {
  readonly config: ResolvedConfig;
  readonly instruments: InstrumentsOf<(typeof TELEMETRY)['metrics']>;
  readonly events: { readonly [Key in keyof (typeof TELEMETRY)['events']]: EventHandle };
  readonly tracer: () => Tracer;
  /** Records what happens on channels; one for all parts. */
  readonly channels: Channels;
}

/** A part that runs. */
export interface Part {
  /** Refreshes what is read rather than recorded; called at each collection. */
  readonly observe?: () => void;
  readonly stop: () => void;
}
