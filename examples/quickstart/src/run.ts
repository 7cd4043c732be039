import { runDemo } from './demo.ts';
import { HELP, type Options, parseOptions, UsageError } from './options.ts';
import { endWithNpm } from './processes.ts';
import { runProgram } from './program.ts';

const USAGE = 2;

/** The command line of the quickstart. */
export async function run(argv: readonly string[]): Promise<void> {
  let options: Options;
  try {
    options = parseOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`quickstart: ${error.message}\n`);
    process.exitCode = USAGE;
    return;
  }
  endWithNpm();
  if (options.kind === 'help') process.stdout.write(HELP);
  else if (options.kind === 'demo') await runDemo(options);
  else await runProgram(options);
}
