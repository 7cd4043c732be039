import type { Instrumentation } from '@opentelemetry/instrumentation';
import { VfsInstrumentation } from '@sonde/instrumentation-vfs';
import { InPlaceHttpInstrumentation } from './http-instrumentation.ts';
import { withoutRequireHook } from './require-gate.ts';
import type { InstrumentationName, ResolvedOptions } from './types.ts';
import { YieldingUndiciInstrumentation } from './undici-instrumentation.ts';

const CREATE: Readonly<Record<InstrumentationName, (options: ResolvedOptions) => Instrumentation | undefined>> = {
  http: () => new InPlaceHttpInstrumentation(),
  undici: () => new YieldingUndiciInstrumentation(),
  vfs: ({ slowThresholdMs, paths }) =>
    withoutRequireHook(() => new VfsInstrumentation({ enabled: false, slowThresholdMs, paths })),
  scheduler: () => undefined,
};

/** Makes the instrumentations that the options name. None is enabled yet. */
export function createInstrumentations(options: ResolvedOptions): Instrumentation[] {
  return options.instrumentations.flatMap((name) => CREATE[name](options) ?? []);
}
