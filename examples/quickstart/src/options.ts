import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './load/protocol.ts';

export interface DemoOptions {
  readonly kind: 'demo';
  readonly seconds: number;
  readonly seed: number;
  readonly rate: number;
  /** Traces a second that Sonde keeps. */
  readonly traces: number;
  /** The kinds of faults that may happen. */
  readonly faults: readonly FaultKind[];
  readonly report: string | undefined;
  /** Where the slowest trace goes. */
  readonly trace: string | undefined;
}

export interface ProgramOptions {
  readonly kind: 'program';
  readonly file: string;
  readonly args: readonly string[];
  readonly report: string | undefined;
  readonly trace: string | undefined;
}

export type Options = DemoOptions | ProgramOptions | { readonly kind: 'help' };

/** A mistake in the command line; the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `Sonde quickstart

  npm start                           a sample service under load, with faults, explained by Sonde
  npm start -- path/to/app.js [args]  your own program, with Sonde preloaded

Options (before the program, if there is one)
  --seconds N     how long the sample runs, 5 to 3600            default 90
  --seed S        repeats a run: same requests, same faults      default random, printed
  --rate R        requests per second, 1 to 2000                 default 120
  --traces T      traces per second that Sonde keeps, 1 to 2000  default 20
  --faults LIST   all, none, or some of slow-file, blocked-loop, error-storm,
                  heap-leak, slow-filesystem, separated by commas  default all
  --report FILE   also writes the report, as .html, .json or .txt
  --trace FILE    writes the slowest trace, as .json for ui.perfetto.dev
  --help          this text

Environment
  SONDE_*, OTEL_*  reach the program as they are; docs/configuration.md lists them
  NO_COLOR=1       no colours
`;

const LIMITS = { seconds: [5, 3600], seed: [0, 2 ** 32 - 1], rate: [1, 2000], traces: [1, 2000] } as const;

/** @throws UsageError */
export function parseOptions(argv: readonly string[]): Options {
  const programAt = indexOfProgram(argv);
  const own = argv.slice(0, programAt).filter((arg) => arg !== '--');
  const values = parse(own);
  if (values.help) return { kind: 'help' };
  const report = checkedReport(values.report);
  const trace = checkedTrace(values.trace);
  const [file, ...args] = argv.slice(programAt);
  if (file === undefined)
    return {
      kind: 'demo',
      seconds: integer('seconds', values.seconds ?? '90'),
      seed: integer('seed', values.seed ?? String(Math.floor(Math.random() * 100_000))),
      rate: integer('rate', values.rate ?? '120'),
      traces: integer('traces', values.traces ?? '20'),
      faults: checkedFaults(values.faults ?? 'all'),
      report,
      trace,
    };
  for (const name of ['seconds', 'seed', 'rate', 'traces', 'faults'] as const)
    if (values[name] !== undefined)
      throw new UsageError(`--${name} belongs to the sample service and has no meaning for your own program ${file}`);
  return { kind: 'program', file, args, report, trace };
}

/** The first argument that is neither an option nor the value of one. */
function indexOfProgram(argv: readonly string[]): number {
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? '';
    if (arg === '--') return i + 1;
    if (!arg.startsWith('-')) return i;
    if (arg !== '--help' && arg !== '-h' && !arg.includes('=')) i++;
  }
  return argv.length;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        rate: { type: 'string' },
        traces: { type: 'string' },
        faults: { type: 'string' },
        report: { type: 'string' },
        trace: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}; --help lists the options`, { cause: error });
  }
}

function integer(name: keyof typeof LIMITS, value: string): number {
  const [low, high] = LIMITS[name];
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= low && number <= high) return number;
  throw new UsageError(`--${name} must be a whole number from ${low} to ${high}, got ${JSON.stringify(value)}`);
}

function checkedReport(file: string | undefined): string | undefined {
  if (file === undefined || /\.(html|json|txt)$/.test(file)) return file;
  throw new UsageError(`--report must end in .html, .json or .txt, got ${JSON.stringify(file)}`);
}

function checkedTrace(file: string | undefined): string | undefined {
  if (file === undefined || file.endsWith('.json')) return file;
  throw new UsageError(`--trace must end in .json, got ${JSON.stringify(file)}`);
}

function checkedFaults(list: string): readonly FaultKind[] {
  if (list === 'all') return FAULT_KINDS;
  if (list === 'none') return [];
  const wanted = list.split(',');
  const known: readonly string[] = FAULT_KINDS;
  if (wanted.every((kind) => known.includes(kind))) return FAULT_KINDS.filter((kind) => wanted.includes(kind));
  throw new UsageError(`--faults must be all, none, or some of ${known.join(',')}, got ${JSON.stringify(list)}`);
}
