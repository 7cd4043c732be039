import { openSync, readSync } from 'node:fs';
import { parseSchedStat } from './schedstat.ts';
import type { CpuMark } from './watch-memory.ts';

/** Numbers of epoll_wait, epoll_pwait and epoll_pwait2, by architecture (the kernel's syscall tables). */
const EPOLL_CALLS: Readonly<Record<string, readonly number[]>> = {
  x64: [232, 281, 441],
  arm64: [22, 441],
  arm: [252, 346, 441],
  ia32: [256, 319, 441],
  riscv64: [22, 441],
  loong64: [22, 441],
  ppc64: [238, 303, 441],
  s390x: [251, 312, 441],
};

/**
 * Tells from /proc/PID/task/TID/syscall whether a thread waits in its own event loop. While a child process is waited
 * for (execSync), a second loop runs inside of a callback of the first, and waits in the same call. Where the call puts
 * its events tells them apart: in libuv that is an array on the stack, and nothing waits on a shorter stack than the
 * thread's own loop. The shortest stack seen so far is taken for that of the loop once it was seen in two turns.
 */
export class WaitRecognizer {
  readonly #calls: readonly number[];
  /** Addresses of one length, so that text compares like numbers. */
  #highest = '';
  #turn = Number.NaN;
  #isConfirmed = false;

  constructor(architecture: string) {
    this.#calls = EPOLL_CALLS[architecture] ?? [];
  }

  /** Whether the system calls of this architecture are known. */
  get isUsable(): boolean {
    return this.#calls.length > 0;
  }

  /** It has seen the thread wait in one turn only: one more turn would settle whether that was its own loop. */
  get needsTurn(): boolean {
    return this.#highest !== '' && !this.#isConfirmed;
  }

  /**
   * @param text "running", or the number and the arguments of the call that the thread is in
   * @param turn the number of the turn that its loop is in
   */
  isWaiting(text: string, turn: number): boolean {
    const match = /^(\d+) 0x[0-9a-f]+ 0x([0-9a-f]+) /.exec(text);
    if (match === null || !this.#calls.includes(Number(match[1]))) return false;
    const address = (match[2] as string).padStart(16, '0');
    if (address < this.#highest) return false;
    if (address > this.#highest) {
      this.#highest = address;
      this.#turn = turn;
      this.#isConfirmed = false;
    } else if (turn !== this.#turn) this.#isConfirmed = true;
    return this.#isConfirmed;
  }
}

function openQuietly(path: string): number {
  try {
    return openSync(path, 'r');
  } catch {
    return -1;
  }
}

/** What can be seen of a thread of this process from another one. The files stay open as long as the process. */
export class ThreadLook {
  readonly #recognizer: WaitRecognizer;
  readonly #syscall: number;
  readonly #schedstat: number;
  readonly #buffer = Buffer.alloc(256);
  /** How the text begins while the thread waits in its own loop: to know it again costs a third of reading it. */
  #waiting: Buffer | undefined;

  constructor(tid: number, architecture: string = process.arch) {
    this.#recognizer = new WaitRecognizer(architecture);
    this.#syscall = openQuietly(`/proc/self/task/${tid}/syscall`);
    this.#schedstat = openQuietly(`/proc/self/task/${tid}/schedstat`);
  }

  /** False when idle cannot be told from blocked: off Linux, or where the kernel does not show it. */
  get canSeeWaiting(): boolean {
    return this.#recognizer.isUsable && this.#read(this.#syscall) > 0;
  }

  /** See {@link WaitRecognizer.needsTurn}. */
  get needsTurn(): boolean {
    return this.#recognizer.needsTurn;
  }

  isWaiting(turn: number): boolean {
    const length = this.#read(this.#syscall);
    if (length <= 0) return false;
    const known = this.#waiting;
    if (known !== undefined && this.#buffer.compare(known, 0, known.length, 0, known.length) === 0) return true;
    const text = this.#buffer.toString('latin1', 0, length);
    const isWaiting = this.#recognizer.isWaiting(text, turn);
    this.#waiting = isWaiting ? Buffer.from(text.split(' ', 3).join(' ').concat(' ')) : undefined;
    return isWaiting;
  }

  cpu(atMs: number): CpuMark | undefined {
    const stat = { runNanos: 0, waitNanos: 0, slices: 0 };
    const length = this.#read(this.#schedstat);
    if (length <= 0 || !parseSchedStat(this.#buffer, length, stat)) return undefined;
    return { atMs, runNanos: stat.runNanos, waitNanos: stat.waitNanos };
  }

  #read(fd: number): number {
    if (fd < 0) return -1;
    try {
      return readSync(fd, this.#buffer, 0, this.#buffer.length, 0);
    } catch {
      return -1;
    }
  }
}
