import type { BoundCounter } from '@sonde/hot-metrics';
import type { InstrumentsOf } from '@sonde/instrumentation-kit';
import type { METRICS } from './metric-names.ts';
import { type Pressure, parsePressure } from './pressure.ts';
import { ProcFile } from './proc-file.ts';
import { Growth, type SystemSource } from './system-source.ts';

const RESOURCES = ['cpu', 'io', 'memory'] as const;
const KINDS = ['some', 'full'] as const;

export interface PressureSourceConfig {
  readonly instrument: InstrumentsOf<typeof METRICS>['pressureTime'];
  /** Whose tasks the files tell about. */
  readonly source: 'system' | 'cgroup';
  /** Path of the file of a resource. */
  readonly path: (resource: (typeof RESOURCES)[number]) => string;
  readonly what: string;
}

interface Total {
  readonly counter: BoundCounter;
  readonly growth: Growth;
}

class PressureFile {
  readonly #file: ProcFile;
  readonly #pressure: Pressure = { some: Number.NaN, full: Number.NaN };
  readonly #totals: Partial<Record<(typeof KINDS)[number], Total>> = {};
  readonly #bind: (kind: string) => BoundCounter;

  constructor(path: string, bind: (kind: string) => BoundCounter) {
    this.#file = ProcFile.open(path);
    this.#bind = bind;
  }

  observe(): void {
    const length = this.#file.read();
    // EOPNOTSUPP: the kernel was started without pressure accounting.
    if (length < 0) throw new Error(`${this.#file.path} cannot be read`);
    parsePressure(ProcFile.bytes, length, this.#pressure);
    for (const kind of KINDS) {
      const micros = this.#pressure[kind];
      if (Number.isNaN(micros)) continue;
      this.#totals[kind] ??= { counter: this.#bind(kind), growth: new Growth() };
      const { counter, growth } = this.#totals[kind];
      counter.add(growth.to(micros) / 1e6);
    }
  }

  close(): void {
    this.#file.close();
  }
}

/** Pressure stall information of the machine, or of a control group; resources that are missing are left out. */
export function createPressureSource(config: PressureSourceConfig): SystemSource {
  const { instrument, source, path, what } = config;
  let files: PressureFile[] | undefined;
  const open = (): PressureFile[] => {
    const opened: PressureFile[] = [];
    let failure: unknown;
    for (const resource of RESOURCES) {
      const bind = (stalled: string): BoundCounter =>
        instrument.bind({
          'sonde.pressure.resource': resource,
          'sonde.pressure.stalled': stalled,
          'sonde.pressure.source': source,
        });
      try {
        opened.push(new PressureFile(path(resource), bind));
      } catch (error) {
        failure = error;
      }
    }
    if (opened.length === 0) throw failure;
    return opened;
  };
  return {
    what,
    observe(): void {
      files ??= open();
      for (const file of files) file.observe();
    },
    close(): void {
      for (const file of files ?? []) file.close();
      files = undefined;
    },
  };
}
