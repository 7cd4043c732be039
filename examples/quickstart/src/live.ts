import type { WriteStream } from 'node:tty';
import type { Fault, Progress } from './load/protocol.ts';
import { culpritOf, type Finding } from './report/findings.ts';
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
const MOST_AT_ONCE = 3;

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

export interface Introduction {
  readonly target: string;
  readonly metricsUrl: string;
  readonly remark: string | undefined;
  readonly seconds: number;
  readonly rate: number;
  readonly seed: number;
}

/** What runs, where to look, and how to see the same again. */
export function introduce(live: Live, { target, metricsUrl, remark, seconds, rate, seed }: Introduction): void {
  live.say(`A Fastify shop on ${target}, started with node --import @sonde/node/register.`);
  live.say(`Live metrics: ${metricsUrl}${remark === undefined ? '' : ` (${remark})`}`);
  live.say(`Load: ${rate} requests/s for ${seconds} s from another process, with faults; --seed ${seed} repeats it.`);
  live.say('');
}

export function describeFault({ kind, route, durationMs, slowness, phase }: Fault): string {
  return kind === 'slow-file'
    ? `a slow file in ${route}, ${duration(durationMs)} (${slowness})`
    : `a blocked loop in ${route}, ${duration(durationMs)} (${phase} its first await)`;
}

/** Says what Sonde reports, as it arrives; of many at once the longest. */
export function announcer(live: Live, state: LiveState, startMs: number): (finding: Finding) => void {
  let fresh: Finding[] = [];
  const announce = (): void => {
    const at = clock(Date.now() - startMs);
    const sorted = fresh.sort((a, b) => b.durationMs - a.durationMs);
    for (const finding of sorted.slice(0, MOST_AT_ONCE)) live.note(`  Sonde    at ${at}: ${describeFinding(finding)}`);
    if (sorted.length > MOST_AT_ONCE) live.say(`           and ${sorted.length - MOST_AT_ONCE} shorter ones`);
    fresh = [];
  };
  return (finding) => {
    state.reported++;
    // One request of the exporter brings many: they are all here in the next turn.
    if (fresh.push(finding) === 1) setImmediate(announce);
  };
}

function describeFinding(finding: Finding): string {
  const took = duration(finding.durationMs);
  if (finding.kind === 'slow operation') {
    const { operation, mount, path } = finding;
    return `${operation} took ${took} on ${mount || 'an unknown mount'}${path === '' ? '' : `: ${path}`}`;
  }
  const { place, route } = finding;
  const where = `${place === '' ? '' : ` (${place})`}${route === '' ? '' : ` in ${route}`}`;
  return `the loop was blocked for ${took} by ${culpritOf(finding) ?? 'something'}${where}`;
}
