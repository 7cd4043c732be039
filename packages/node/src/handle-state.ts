import { shared } from '@sonde/event-stream';
import type { Runtime } from './types.ts';

/** What runs in this thread; one, whichever copy of this package started it. */
export interface HandleState {
  runtime: Runtime | undefined;
  /** Undefined while nothing is governed. */
  setOverhead?: ((ratio: number | undefined) => boolean) | undefined;
}

export function started(): HandleState {
  return shared('node/1', () => ({ runtime: undefined }));
}
