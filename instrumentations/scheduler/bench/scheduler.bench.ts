/**
 * What the scheduler costs: the CPU time of a process that is collected once a second, idle and lightly loaded, with and
 * without it (each in a process of its own); a turn of the event loop with the ledger; crypto and zlib operations with
 * their wrappers; for how long a look at its stack holds a blocked loop up.
 */
import { createHash, pbkdf2, randomBytes } from 'node:crypto';
import { deflate } from 'node:zlib';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { hotMetrics } from '@sonde/hot-metrics';
import { SchedulerInstrumentation, type SchedulerInstrumentationConfig } from '@sonde/instrumentation-scheduler';
import { childVariant } from '../../../benchmarks/child.ts';
import {
  absoluteGate,
  type Benchmark,
  type BenchmarkOptions,
  type BenchmarkResult,
  cpuNanosPerAsyncOp,
  type Gate,
  interleave,
  median,
  type Row,
} from '../../../benchmarks/rig.ts';

const CHILD = new URL('./scheduler-child.ts', import.meta.url);
const LOOK_CHILD = new URL('./look-child.ts', import.meta.url);
const LOOKERS = ['nobody', 'sonde', 'debugger'] as const;
const HEAP_MEGABYTES = [10, 500] as const;
const SECONDS_PER_ROUND = 4;
const TURNS = 300_000;
const OPERATIONS = 4_000;
const IN_FLIGHT = 4;

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const OFF: SchedulerInstrumentationConfig = {
  enabled: false,
  eventLoop: false,
  blockedLoop: false,
  garbageCollection: false,
  operatingSystem: false,
  pool: false,
};

/** Share of a core that a process takes, in processes of their own. */
async function wholeProcess(load: 'idle' | 'light', options: BenchmarkOptions): Promise<Row[]> {
  const start = (mode: string) => childVariant(CHILD, { args: [mode, load, String(SECONDS_PER_ROUND)] });
  const [off, unwatched, on] = await Promise.all([start('off'), start('unwatched'), start('on')]);
  const children = { off, unwatched, on };
  try {
    return await interleave({
      variants: {
        [`${load} process, without`]: () => children.off.round(),
        [`${load} process, without the watcher`]: () => children.unwatched.round(),
        [`${load} process, with`]: () => children.on.round(),
      },
      aa: `${load} process, with`,
      rounds: options.rounds,
      log: options.log,
      unit: 'ns/s',
    });
  } finally {
    await Promise.all(Object.values(children).map((child) => child.close()));
  }
}

function added(rows: readonly Row[], load: string): number[] {
  const rounds = (name: string): readonly number[] => rows.find((row) => row.name === name)?.rounds ?? [];
  const without = rounds(`${load} process, without`);
  return rounds(`${load} process, with`).map((cost, i) => (cost - (without[i] ?? Number.NaN)) / 1e9);
}

function coreGate(rows: readonly Row[], load: 'idle' | 'light'): Gate {
  return absoluteGate({
    gate: `share of a core added at 1 Hz, ${load} process`,
    reach: '<= 0.001',
    measured: median(added(rows, load)),
    rows,
  });
}

/** Runs `operation` with some of the instrumentation on, and takes everything back. */
function withScheduler(config: SchedulerInstrumentationConfig, operation: () => Promise<number>) {
  return async (): Promise<number> => {
    const instrumentation = new SchedulerInstrumentation({ ...OFF, ...config });
    instrumentation.enable();
    try {
      return await operation();
    } finally {
      instrumentation.disable();
    }
  };
}

function turns(): Promise<number> {
  return cpuNanosPerAsyncOp(
    TURNS,
    (count) =>
      new Promise<void>((resolve) => {
        let left = count;
        const turn = (): void => {
          left -= 1;
          if (left > 0) setImmediate(turn);
          else resolve();
        };
        setImmediate(turn);
      }),
  );
}

/** Some operations of the pool at a time, so that the time between them does not count. */
function operations(start: (done: () => void) => void): () => Promise<number> {
  return () =>
    cpuNanosPerAsyncOp(
      OPERATIONS,
      (count) =>
        new Promise<void>((resolve) => {
          let started = 0;
          let ended = 0;
          const next = (): void => {
            if (started < count) {
              started += 1;
              start(done);
            }
          };
          const done = (): void => {
            ended += 1;
            if (ended === count) resolve();
            else next();
          };
          for (let i = 0; i < IN_FLIGHT; i++) next();
        }),
    );
}

const data = createHash('sha512').update('sonde').digest();
const random = operations((done) => randomBytes(16, done));
const derive = operations((done) => pbkdf2('secret', 'salt', 200, 32, 'sha256', done));
const pack = operations((done) => deflate(data, done));

async function inProcess({ rounds, log }: BenchmarkOptions): Promise<Row[]> {
  // The cells of hot metrics are what a turn is recorded into, once a producer is there.
  const provider = new MeterProvider({ readers: [new Reader({ metricProducers: [hotMetrics().producer()] })] });
  const ledger = await interleave({
    variants: {
      'turn, without': turns,
      'turn, with the ledger': withScheduler({ blockedLoop: true }, turns),
      'turn, with ledger and metrics': withScheduler({ blockedLoop: true, eventLoop: true }, turns),
    },
    aa: 'turn, without',
    rounds,
    log,
    unit: 'ns/turn',
  });
  const pool = await interleave({
    variants: {
      'randomBytes(16), without': random,
      'randomBytes(16), with': withScheduler({ pool: true }, random),
      'pbkdf2 of 200 rounds, without': derive,
      'pbkdf2 of 200 rounds, with': withScheduler({ pool: true }, derive),
      'deflate of 64 bytes, without': pack,
      'deflate of 64 bytes, with': withScheduler({ pool: true }, pack),
    },
    aa: 'randomBytes(16), without',
    rounds,
    log,
  });
  await provider.shutdown();
  return [...ledger, ...pool];
}

/** The longest standstill of a loop that is blocked by work, by who looks at its stack and by how much the heap holds. */
async function looks(heapMegabytes: number, { rounds, log }: BenchmarkOptions): Promise<Row[]> {
  const execArgv = ['--max-old-space-size=2048'];
  const children = await Promise.all(
    LOOKERS.map((looker) => childVariant(LOOK_CHILD, { args: [looker, String(heapMegabytes)], execArgv })),
  );
  const name = (looker: string): string => `standstill, ${heapMegabytes} MB of objects, looked at by ${looker}`;
  const variants = LOOKERS.map(
    (looker, index) => [name(looker), () => children[index]?.round() ?? Number.NaN] as const,
  );
  try {
    return await interleave({ variants: Object.fromEntries(variants), aa: name('nobody'), rounds, log, unit: 'ns' });
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const idle = await wholeProcess('idle', options);
  const light = await wholeProcess('light', options);
  const rows = await inProcess(options);
  for (const megabytes of HEAP_MEGABYTES) rows.push(...(await looks(megabytes, options)));
  return { rows: [...idle, ...light, ...rows], gates: [coreGate(idle, 'idle'), coreGate(light, 'light')] };
}

export const benchmark: Benchmark = {
  name: 'scheduler',
  description:
    'CPU of a process collected at 1 Hz with and without the scheduler; a turn; pool operations; looks at stacks',
  run,
};
