import { writeSync } from 'node:fs';
import { diag } from '@opentelemetry/api';
import { unobserved } from '@sonde/instrumentation-kit';
import { loadPackage } from './load-module.ts';
import type { ProcessRole } from './process-role.ts';

const STDERR = 2;

/** Where Sonde tells people something. */
export interface Terminal {
  /** The start-up line and what belongs to it. */
  announce(line: string): void;
  /** Something that is wrong and what to do about it; each sentence once. */
  warn(sentence: string): void;
  /** Something that does not work here, which nobody has to mend; `diag` has it already. */
  note(sentence: string): void;
}

export interface TerminalConfig {
  readonly role: ProcessRole;
  /** `SONDE_BANNER`: always, never, or undefined for "on a terminal". */
  readonly banner: boolean | undefined;
  /** Whether there is an IPC channel: then another program reads what this one says. */
  readonly hasChannel: boolean;
  readonly isTerminal?: () => boolean;
  readonly write?: (text: string) => void;
}

/** Loaded only to ask: it brings the network with it. */
function isTerminalStderr(): boolean {
  return loadPackage<typeof import('node:tty')>('node:tty').isatty(STDERR);
}

// BAD: process.stderr. Its first use makes a stream, which for a pipe can change when and how the program's own
// writes come out. A full pipe (EAGAIN) or a closed one loses the line, nothing else.
function writeToStderr(text: string): void {
  try {
    unobserved(() => writeSync(STDERR, text));
  } catch {
    // Nobody can be told that nobody can be told.
  }
}

/**
 * Start-up lines and notes go to stderr in a main process, on a terminal without an IPC channel or with SONDE_BANNER=1;
 * warnings in every main process, unless SONDE_BANNER=0. Whatever is said also goes to `diag`. Children, workers and package
 * managers never print.
 */
export function createTerminal(config: TerminalConfig): Terminal {
  const { role, banner, hasChannel, isTerminal = isTerminalStderr, write = writeToStderr } = config;
  const said = new Set<string>();
  const note = (sentence: string): void => {
    const isWanted = role === 'main' && (banner ?? (!hasChannel && isTerminal()));
    if (isWanted) write(`sonde: ${sentence}\n`);
  };
  return {
    note,
    announce(line): void {
      diag.info(line);
      note(line);
    },
    warn(sentence): void {
      if (said.has(sentence)) return;
      said.add(sentence);
      diag.warn(sentence);
      if (role === 'main' && banner !== false) write(`sonde: ${sentence}\n`);
    },
  };
}
