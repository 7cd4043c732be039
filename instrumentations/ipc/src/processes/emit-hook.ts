import type { ChildProcess } from 'node:child_process';
import { type AnyFunction, impersonate } from '@sonde/instrumentation-kit';
import type { ProcessLink } from './process-link.ts';

/** What is told of the life of a child. */
export interface ChildLife {
  exited(child: ChildProcess, code: unknown, signal: unknown): void;
  failed(child: ChildProcess, error: unknown): void;
}

export interface EmitHookConfig {
  readonly linkOf: (end: object) => ProcessLink | undefined;
  /** Its channel has closed. */
  readonly closed: (link: ProcessLink) => void;
  /** Of children only. */
  readonly life?: ChildLife;
}

interface Emitter {
  emit: AnyFunction;
}

/** What else than messages is of interest. */
function notice({ linkOf, closed, life }: EmitHookConfig, emitter: object, args: readonly unknown[]): void {
  switch (args[0]) {
    case 'newListener':
      if (args[1] === 'message') linkOf(emitter)?.listenerComes();
      break;
    case 'disconnect': {
      const link = linkOf(emitter);
      if (link !== undefined) closed(link);
      break;
    }
    case 'exit':
      life?.exited(emitter as ChildProcess, args[1], args[2]);
      break;
    case 'error':
      life?.failed(emitter as ChildProcess, args[1]);
      break;
    default:
  }
}

interface Hook {
  readonly config: EmitHookConfig;
  readonly original: AnyFunction;
  emit: AnyFunction;
}

/** Emits, or sees to it that a link does. */
function emitObserved(hook: Hook, emitter: Emitter, args: unknown[]): unknown {
  const { config, original } = hook;
  const event = args[0];
  if (event === 'message') {
    const link = config.linkOf(emitter);
    if (link !== undefined) return link.message(original, args);
  } else if (event === 'internalMessage') {
    const link = config.linkOf(emitter);
    if (link?.internal(original, args, emitter.emit === hook.emit) === true) return true;
  } else {
    notice(config, emitter, args);
  }
  return Reflect.apply(original, emitter, args);
}

/**
 * Lays itself over `emit`, by which everything comes that a channel delivers. A listener would do for nothing of this: it
 * would hold the process, end the queueing of early messages, and be seen.
 * @param target `process`, or the prototype of child processes
 * @returns the undo
 */
export function hookEmit(target: Emitter, config: EmitHookConfig): () => void {
  const before = Object.getOwnPropertyDescriptor(target, 'emit');
  const original = target.emit;
  let isActive = true;
  const hook: Hook = { config, original, emit: original };
  const emit: AnyFunction = function (this: Emitter, ...args: unknown[]): unknown {
    return isActive ? emitObserved(hook, this, args) : Reflect.apply(original, this, args);
  };
  hook.emit = emit;
  impersonate(emit, original);
  Object.defineProperty(target, 'emit', { value: emit, writable: true, configurable: true, enumerable: false });
  return () => {
    isActive = false;
    // Somebody who has laid his own over ours keeps it.
    if (Object.getOwnPropertyDescriptor(target, 'emit')?.value !== emit) return;
    if (before === undefined) Reflect.deleteProperty(target, 'emit');
    else Object.defineProperty(target, 'emit', before);
  };
}
