import type { AsyncLocalStorage } from 'node:async_hooks';
import { versions } from 'node:process';
import type { Context, ContextManager } from '@opentelemetry/api';

// Where the API keeps what was registered; it never replaces the object itself.
// https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');
/** As of this version Node puts the asynchronous context back by itself when what native code has called returns. */
const FIRST_MAJOR = 24;
const isNodeNew = Number.parseInt(versions.node, 10) >= FIRST_MAJOR;

interface Manager extends ContextManager {
  readonly _asyncLocalStorage?: AsyncLocalStorage<Context> & { readonly kResourceStore?: symbol };
}

let registered: { readonly context?: Manager } | undefined;
let known: Manager | undefined;
let storage: AsyncLocalStorage<Context> | undefined;

/** The storage of a context manager, if it is one of V8's own continuation data (`--async-context-frame`). */
function storageOf(manager: Manager | undefined): AsyncLocalStorage<Context> | undefined {
  const found = manager?._asyncLocalStorage;
  const isKnown = isNodeNew && typeof found?.enterWith === 'function' && typeof found.getStore === 'function';
  // Built on async_hooks, it would stay on the resource and be that of the next message as well.
  return isKnown && found.kResourceStore === undefined ? found : undefined;
}

/**
 * Makes a context active for the rest of what native code has called: all of a message's handlers and what they start. Half
 * the price of `context.with`, which has to put back what was active before: Node does that here, as soon as it has it
 * back. So call it only where nothing else runs after the handlers.
 * @returns false where that cannot be done: in Node 22, and with context managers of another kind
 */
export function enterNatively(active: Context): boolean {
  registered ??= (globalThis as { [GLOBAL_API]?: { readonly context?: Manager } })[GLOBAL_API];
  const manager = registered?.context;
  if (manager !== known) {
    known = manager;
    storage = storageOf(manager);
  }
  if (storage === undefined) return false;
  storage.enterWith(active);
  return true;
}
