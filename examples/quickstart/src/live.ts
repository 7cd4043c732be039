import type { WriteStream } from 'node:tty';
import type { Progress } from './load/protocol.ts';
import { clock, count, duration, percent } from './report/format.ts';
import { printable, shorten } from './report/width.ts';

/** Where a run stands. */
export interface LiveState {
  readonly totalMs: number;
  progress: Progress | undefined;
  injected: number;
  reported: number;
}

export interface Live {
  /** Prints a line that stays, above the progress line. */
  say(line: string): void;
  /** The same for a line that may lose its middle where it is too long. */
  note(line: string): void;
  update(): void;
  /** Takes the progress line away. */
  end(): void;
}

const PLAIN_EVERY_MS = 5_000;
const PLAIN_WIDTH = 120;
const WIDEST = 200;

/** One redrawn line on a terminal; elsewhere a plain line every five seconds. */
export function startLive(state: LiveState, out: NodeJS.WriteStream): Live {
  let nextPlainMs = PLAIN_EVERY_MS;
  const clear = (): void => {
    if (out.isTTY) out.write('\r\u001b[K');
  };
  const width = (): number => (out.isTTY ? Math.min((out as WriteStream).columns || 80, WIDEST) - 1 : PLAIN_WIDTH);
  const draw = (): void => {
    if (out.isTTY && state.progress !== undefined) out.write(shorten(progressLine(state), width()));
  };
  const say = (line: string): void => {
    clear();
    out.write(`${line}\n`);
    draw();
  };
  return {
    say: (line) => say(printable(line)),
    note: (line) => say(shorten(printable(line), width())),
    update: () => {
      if (out.isTTY) {
        clear();
        draw();
      } else if ((state.progress?.elapsedMs ?? 0) >= nextPlainMs) {
        out.write(`${progressLine(state)}\n`);
        nextPlainMs += PLAIN_EVERY_MS;
      }
    },
    end: clear,
  };
}

function progressLine({ totalMs, progress, injected, reported }: LiveState): string {
  if (progress === undefined) return '';
  const { elapsedMs, done, failed, ratePerSecond, p50Ms, p99Ms } = progress;
  return [
    `${clock(Math.min(elapsedMs, totalMs))} of ${clock(totalMs)}`,
    `${count(ratePerSecond)} requests/s`,
    `p50 ${duration(p50Ms)}`,
    `p99 ${duration(p99Ms)}`,
    `failed ${percent(done === 0 ? 0 : failed / done)}`,
    `faults ${injected}, reported ${reported}`,
  ].join('   ');
}
