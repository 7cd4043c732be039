import type { Context, Span } from '@opentelemetry/api';
import { show } from './options.ts';

/** What gets the spans after a processor: `SpanProcessor` of the SDK, structurally, since the types of SDK 2 and 3 differ. */
export interface NextSpanProcessor {
  onStart(span: Span, parentContext: Context): void;
  onEnding?(span: Span): void;
  onEnd(span: object): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

const METHODS = ['onStart', 'onEnd', 'forceFlush', 'shutdown'] as const;

/**
 * The option `next` of a span processor.
 * @param owner what has the option, as messages name it
 * @throws TypeError for what is no span processor
 */
export function checkNextSpanProcessor(owner: string, next: unknown): NextSpanProcessor {
  const isObject = typeof next === 'object' && next !== null;
  const isProcessor =
    isObject && METHODS.every((name) => typeof (next as Record<string, unknown>)[name] === 'function');
  if (!isProcessor) throw new TypeError(`${owner}: next must be a SpanProcessor, got ${show(next)}`);
  return next as NextSpanProcessor;
}
