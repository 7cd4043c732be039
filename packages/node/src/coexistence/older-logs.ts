import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { LoggerProviderLike } from './switch-logger-provider.ts';

const KEY = Symbol.for('io.opentelemetry.js.api.logs');
/** How long the application has to register a logger provider of its own first. */
const PATIENCE_MS = 1000;

interface OlderLogsApi {
  readonly logs: { setGlobalLoggerProvider(provider: unknown): unknown };
}

/** `@opentelemetry/api-logs`, which comes with the logs SDK of the 2.x line. */
function olderLogsApi(): OlderLogsApi {
  const sdk = createRequire(import.meta.url).resolve('@opentelemetry/sdk-logs');
  return createRequire(sdk)('@opentelemetry/api-logs') as OlderLogsApi;
}

/**
 * Registers a logger provider with `@opentelemetry/api-logs`, which SDK 2.12 and libraries of its time use. That API has
 * no step by which a registration could be told from a look-up: the application goes first, and Sonde registers a
 * second later if it has not. Loggers handed out before come alive then. Returns the undo.
 * @param isOnly whether there is no other logs API, so that it matters if this one is missing
 */
export function registerOlderLogs(provider: LoggerProviderLike, isOnly: boolean): () => void {
  const timer = setTimeout(() => {
    if ((globalThis as { [KEY]?: unknown })[KEY] !== undefined) return;
    try {
      olderLogsApi().logs.setGlobalLoggerProvider(provider);
    } catch (error) {
      if (isOnly)
        diag.warn('logs of the application are not exported: @opentelemetry/api-logs cannot be loaded', error);
    }
  }, PATIENCE_MS).unref();
  return () => clearTimeout(timer);
}
