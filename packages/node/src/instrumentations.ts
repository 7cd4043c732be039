import type { Instrumentation } from '@opentelemetry/instrumentation';
import { guard } from '@sonde/instrumentation-kit';
import { tellBlockedLoop } from './blocked-loop-listeners.ts';
import { loadPackage, loadSibling } from './load-module.ts';
import { withoutRequireHook } from './require-gate.ts';
import type { InstrumentationName, ResolvedOptions } from './types.ts';

type Http = typeof import('./http-instrumentation.ts');
type Undici = typeof import('./undici-instrumentation.ts');
type Vfs = typeof import('@sonde/instrumentation-vfs');
type Ipc = typeof import('@sonde/instrumentation-ipc');
type Scheduler = typeof import('@sonde/instrumentation-scheduler');

const CREATE: Readonly<Record<InstrumentationName, (options: ResolvedOptions) => Instrumentation>> = {
  http() {
    const { InPlaceHttpInstrumentation } = loadSibling<Http>('http-instrumentation');
    return new InPlaceHttpInstrumentation();
  },
  undici() {
    const { YieldingUndiciInstrumentation } = loadSibling<Undici>('undici-instrumentation');
    return new YieldingUndiciInstrumentation();
  },
  vfs({ slowThresholdMs, paths }) {
    const { VfsInstrumentation } = loadPackage<Vfs>('@sonde/instrumentation-vfs');
    return withoutRequireHook(() => new VfsInstrumentation({ enabled: false, slowThresholdMs, paths }));
  },
  scheduler({ blockedThresholdMs }) {
    const { SchedulerInstrumentation } = loadPackage<Scheduler>('@sonde/instrumentation-scheduler');
    const blockedLoop = { thresholdMs: blockedThresholdMs, onBlockedLoop: tellBlockedLoop };
    return withoutRequireHook(() => new SchedulerInstrumentation({ enabled: false, blockedLoop }));
  },
  ipc() {
    const { IpcInstrumentation } = loadPackage<Ipc>('@sonde/instrumentation-ipc');
    return withoutRequireHook(() => new IpcInstrumentation({ enabled: false }));
  },
};

/** Makes the instrumentations that the options name. None is enabled yet. One that cannot be made is left out. */
export function createInstrumentations(options: ResolvedOptions): Instrumentation[] {
  return options.instrumentations.flatMap((name) => {
    return guard<Instrumentation | undefined>(`node.create.${name}`, () => CREATE[name](options), undefined) ?? [];
  });
}
