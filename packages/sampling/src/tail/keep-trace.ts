import { type Context, context } from '@opentelemetry/api';
import { guard, markTrace } from '@sonde/instrumentation-kit';

/**
 * Asks for the trace of the active span to be kept, from anywhere inside it and until its first span in this process has
 * ended. It is a reason to keep it like any other, so that it is not kept where such traces come in masses; its threshold
 * says how many it stands for. Never throws.
 * @param active a context inside the trace. Default: the active one
 * @returns false when that cannot be any more: nothing of it is recorded, or no tail processor is there
 */
export function keepTrace(active?: Context): boolean {
  return guard('sampling.keepTrace', () => markTrace(active ?? context.active()), false);
}
