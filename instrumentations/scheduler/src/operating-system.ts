import { diag } from '@opentelemetry/api';
import { type InstrumentsOf, unobserved, warnOnce } from '@sonde/instrumentation-kit';
import { locateOwnCgroup } from './cgroup-files.ts';
import { createCgroupSource } from './cgroup-source.ts';
import type { METRICS } from './metric-names.ts';
import { createPressureSource } from './pressure-source.ts';
import type { SystemSource } from './system-source.ts';
import type { ProcessFacts } from './thread-roles.ts';
import { createThreadSource } from './thread-source.ts';

export interface OperatingSystemConfig {
  readonly instruments: InstrumentsOf<typeof METRICS>;
  readonly maxThreads: number;
  readonly facts: () => ProcessFacts;
}

/** Node's permission model, where it is on. */
interface Permission {
  has(scope: string, reference?: string): boolean;
}

/** Whether this process may read a path. Asking is noticed by the model's channels, hence `unobserved`. */
function mayRead(path: string): boolean {
  const { permission } = process as { permission?: Permission };
  return permission === undefined || unobserved(() => permission.has('fs.read', path));
}

function createContextSwitchSource(instrument: InstrumentsOf<typeof METRICS>['contextSwitches']): SystemSource {
  const bind = (type: string) => instrument.bind({ 'process.context_switch.type': type });
  const voluntary = bind('voluntary');
  const involuntary = bind('involuntary');
  return {
    what: 'context switches',
    observe(): void {
      const usage = process.resourceUsage();
      voluntary.advanceTo(usage.voluntaryContextSwitches);
      involuntary.advanceTo(usage.involuntaryContextSwitches);
    },
    close: () => undefined,
  };
}

function linuxSources({ instruments, maxThreads, facts }: OperatingSystemConfig): SystemSource[] {
  const sources: SystemSource[] = [];
  const skipped: string[] = [];
  const add = (path: string, source: SystemSource): void => {
    if (mayRead(path)) sources.push(source);
    else skipped.push(source.what);
  };
  add('/proc/self/task', createThreadSource({ instruments, maxThreads, facts }));
  add(
    '/proc/pressure',
    createPressureSource({
      instrument: instruments.pressureTime,
      source: 'system',
      path: (resource) => `/proc/pressure/${resource}`,
      what: 'pressure of the machine',
    }),
  );
  if (mayRead('/proc/self/cgroup') && mayRead('/sys/fs/cgroup')) {
    sources.push(createCgroupSource({ instruments, locate: locateOwnCgroup }), ownGroupPressure(instruments));
  } else skipped.push('control group');
  if (skipped.length > 0) {
    warnOnce(
      'scheduler.permission',
      `scheduler: the permission model keeps Sonde from reading /proc and /sys; off: ${skipped.join(', ')}. Allow it with --allow-fs-read=/proc/* --allow-fs-read=/sys/fs/cgroup/*`,
    );
  }
  return sources;
}

/** Only cgroup v2 has it. */
function ownGroupPressure(instruments: InstrumentsOf<typeof METRICS>): SystemSource {
  const inner = createPressureSource({
    instrument: instruments.pressureTime,
    source: 'cgroup',
    path: (resource) => `${locateOwnCgroup()?.directories[0] ?? ''}/${resource}.pressure`,
    what: 'pressure of the control group',
  });
  let isVersion2: boolean | undefined;
  return {
    ...inner,
    observe(): void {
      isVersion2 ??= locateOwnCgroup()?.version === 2;
      if (isVersion2) inner.observe();
    },
  };
}

/** All readings of the operating system. `observe` is to be called at each collection; it never throws. */
export class OperatingSystem {
  #sources: SystemSource[] | undefined;
  readonly #config: OperatingSystemConfig;

  constructor(config: OperatingSystemConfig) {
    this.#config = config;
  }

  observe(): void {
    this.#sources ??= this.#createSources();
    for (const source of [...this.#sources]) {
      try {
        source.observe();
      } catch (error) {
        this.#drop(source, error);
      }
    }
  }

  close(): void {
    for (const source of this.#sources ?? []) source.close();
    this.#sources = undefined;
  }

  #createSources(): SystemSource[] {
    const { instruments } = this.#config;
    const sources = process.platform === 'win32' ? [] : [createContextSwitchSource(instruments.contextSwitches)];
    if (process.platform === 'linux') return [...sources, ...linuxSources(this.#config)];
    diag.info(
      `scheduler: ${process.platform} has no /proc: run-queue wait, threads, pressure and control groups are off`,
    );
    return sources;
  }

  #drop(source: SystemSource, error: unknown): void {
    source.close();
    this.#sources = this.#sources?.filter((other) => other !== source);
    const reason = error instanceof Error ? error.message : String(error);
    warnOnce(`scheduler.${source.what}`, `scheduler: ${source.what} is off: ${reason}`);
  }
}
