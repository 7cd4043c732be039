import { type Context, type Span, trace } from '@opentelemetry/api';

/** On a span below its local root (the topmost ancestor in this process): that root. Several copies of the kit agree. */
const LOCAL_ROOT: unique symbol = Symbol.for('sonde.span.local_root') as never;

interface LinkedSpan {
  [LOCAL_ROOT]?: object;
}

/**
 * The local root above a span, made by the same provider; undefined for a local root, and for a span that nobody has linked.
 * One property read.
 */
export function localRootAbove<S extends object>(span: S): S | undefined {
  return (span as LinkedSpan)[LOCAL_ROOT] as S | undefined;
}

/**
 * Links a span to its local root, so that it is found from any depth below. Call it from a span processor's `onStart`; one
 * property write.
 */
export function linkLocalRoot(span: Span, parentContext: Context): void {
  const parent = trace.getSpan(parentContext);
  if (parent === undefined || parent.spanContext().isRemote === true) return;
  try {
    // Asking first whether it is extensible costs more than all of this.
    (span as LinkedSpan)[LOCAL_ROOT] = localRootAbove(parent) ?? parent;
  } catch {
    // A frozen span: somebody's own implementation.
  }
}
