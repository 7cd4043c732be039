import type { MessagePort } from 'node:worker_threads';
import type { AnyFunction } from '@sonde/instrumentation-kit';

/** How the native side hands a message to a port. */
export const DISPATCH: unique symbol = Symbol.for('nodejs.internal.kHybridDispatch') as never;

/** A port with all that its prototype gives it. */
export type NativePort = MessagePort & { [DISPATCH]: AnyFunction };
