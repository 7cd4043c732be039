import type { Instrumentation } from '@opentelemetry/instrumentation';
import { guard } from '@sonde/instrumentation-kit';
import { SchedulerInstrumentation } from '@sonde/instrumentation-scheduler';
import { VfsInstrumentation } from '@sonde/instrumentation-vfs';
import { tellBlockedLoop } from './blocked-loop-listeners.ts';
import { InPlaceHttpInstrumentation } from './http-instrumentation.ts';
import { withoutRequireHook } from './require-gate.ts';
import type { InstrumentationName, ResolvedOptions } from './types.ts';
import { YieldingUndiciInstrumentation } from './undici-instrumentation.ts';

const CREATE: Readonly<Record<InstrumentationName, (options: ResolvedOptions) => Instrumentation>> = {
  http: () => new InPlaceHttpInstrumentation(),
  undici: () => new YieldingUndiciInstrumentation(),
  vfs: ({ slowThresholdMs, paths }) =>
    withoutRequireHook(() => new VfsInstrumentation({ enabled: false, slowThresholdMs, paths })),
  scheduler: ({ blockedThresholdMs }) => {
    const blockedLoop = { thresholdMs: blockedThresholdMs, onBlockedLoop: tellBlockedLoop };
    return withoutRequireHook(() => new SchedulerInstrumentation({ enabled: false, blockedLoop }));
  },
};

/** Makes the instrumentations that the options name. None is enabled yet. One that cannot be made is left out. */
export function createInstrumentations(options: ResolvedOptions): Instrumentation[] {
  return options.instrumentations.flatMap((name) => {
    return guard<Instrumentation | undefined>(`node.create.${name}`, () => CREATE[name](options), undefined) ?? [];
  });
}
