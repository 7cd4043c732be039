import { globalLoggerProvider as registered } from '@sonde/instrumentation-kit';
import type { EventLoggerProvider } from './types.ts';

/** The logger provider registered in this thread, of SDK 3.x or of SDK 2.12; undefined while there is none. */
export function globalLoggerProvider(): EventLoggerProvider | undefined {
  return registered();
}
