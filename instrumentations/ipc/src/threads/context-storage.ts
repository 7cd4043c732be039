import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';

// Where the API keeps what was registered.
// https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');

/** The context manager of the SDK, with the storage that it keeps to itself. */
export interface StoringManager extends ContextManager {
  readonly _asyncLocalStorage: AsyncLocalStorage<Context>;
}

/** The context manager that is registered, if it is one that keeps contexts in an `AsyncLocalStorage`. */
export function storingManager(): StoringManager | undefined {
  const api = (globalThis as { [GLOBAL_API]?: { readonly context?: Partial<StoringManager> } })[GLOBAL_API];
  const manager = api?.context;
  const storage = manager?._asyncLocalStorage;
  const isKnown = typeof storage?.getStore === 'function' && typeof storage.enterWith === 'function';
  return isKnown ? (manager as StoringManager) : undefined;
}
