import type { WriteStream } from 'node:tty';
import type { FaultKind, Progress } from './load/protocol.ts';
import type { AnomalyFinding } from './report/anomalies.ts';
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
const WINDOW_MS = 5_000;
const MOST_IN_WINDOW = 5;
/** Longer than anything lasts: what concerns the shop itself comes before what its helpers do. */
const OWN_WEIGHT = 1e9;

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
  readonly faults: readonly FaultKind[];
}

/** What runs, where to look, and how to see the same again. */
export function introduce(live: Live, { target, metricsUrl, remark, seconds, rate, seed, faults }: Introduction): void {
  live.say(`A Fastify shop on ${target}, started with node --import @sonde/node/register.`);
  live.say(`Live metrics: ${metricsUrl}${remark === undefined ? '' : ` (${remark})`}`);
  const what = faults.length === 0 ? 'without faults' : 'with faults';
  live.say(`Load: ${rate} requests/s for ${seconds} s from another process, ${what}; --seed ${seed} repeats it.`);
  live.say('');
}

export interface Announced {
  /** Of the shop itself. */
  readonly pid: number;
  readonly startMs: number;
}

/** Says what Sonde reports, as it arrives: the shop's and the longest first; of many, how many more there are. */
export function announcer(live: Live, state: LiveState, { pid, startMs }: Announced): (finding: Finding) => void {
  let fresh: Finding[] = [];
  let untold = 0;
  let said = 0;
  let windowEndMs = 0;
  const announce = (): void => {
    const nowMs = Date.now() - startMs;
    if (nowMs >= windowEndMs) {
      if (untold > 0) live.say(`           and ${untold} more`);
      [said, untold, windowEndMs] = [0, 0, nowMs + WINDOW_MS];
    }
    const weight = (finding: Finding): number => (finding.pid === pid ? OWN_WEIGHT : 0) + finding.durationMs;
    for (const finding of fresh.sort((a, b) => weight(b) - weight(a))) {
      if (said++ < MOST_IN_WINDOW) live.note(`  Sonde    at ${clock(nowMs)}: ${describeFinding(finding, pid)}`);
      else untold++;
    }
    fresh = [];
  };
  return (finding) => {
    state.reported++;
    // One request of the exporter brings many: they are all here in the next turn.
    if (fresh.push(finding) === 1) setImmediate(announce);
  };
}

/** Says each anomaly, as it is told. */
export function anomalyAnnouncer(live: Live, state: LiveState, startMs: number): (anomaly: AnomalyFinding) => void {
  return ({ receivedMs, message, series }) => {
    state.reported++;
    live.note(`  anomaly  at ${clock(receivedMs - startMs)}: ${message || series}`);
  };
}

function describeFinding(finding: Finding, ownPid: number): string {
  const took = duration(finding.durationMs);
  const whose = finding.pid === ownPid ? '' : ` of ${finding.service}`;
  if (finding.kind === 'slow operation') {
    const { operation, mount, path } = finding;
    return `${operation}${whose} took ${took} on ${mount || 'an unknown mount'}${path === '' ? '' : `: ${path}`}`;
  }
  const { place, route } = finding;
  const where = `${place === '' ? '' : ` (${place})`}${route === '' ? '' : ` in ${route}`}`;
  return `the loop${whose} was blocked for ${took} by ${culpritOf(finding) ?? 'something'}${where}`;
}
