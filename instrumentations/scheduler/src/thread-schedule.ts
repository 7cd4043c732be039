import { ProcFile } from './proc-file.ts';
import { parseSchedStat, type SchedStat } from './schedstat.ts';
import { type ProcessFacts, roleOf, type SeenThread, type ThreadRole } from './thread-roles.ts';

/** What the threads of one role did since the last reading. */
export interface RoleDelta {
  threads: number;
  runSeconds: number;
  waitSeconds: number;
  slices: number;
}

export interface ThreadScheduleConfig {
  /** `/proc/self/task`. */
  readonly directory: string;
  readonly maxThreads: number;
  /** Thread ids. @throws when the directory cannot be read */
  readonly list: () => readonly string[];
  /** How many threads there are; cheaper than the list. */
  readonly count: () => number;
  readonly facts: () => ProcessFacts;
}

interface FollowedThread extends SeenThread {
  readonly file: ProcFile;
  readonly last: SchedStat;
  role: ThreadRole;
  /** Readings after which its name is final: a thread names itself some time after it began. */
  unsettled: number;
  name: string;
}

const NAME_READINGS = 3;

/**
 * Follows the threads of this process, those that come and those that go. What a thread did between the last reading
 * and its end is lost; everything else is counted once.
 */
export class ThreadSchedule {
  readonly #config: ThreadScheduleConfig;
  readonly #threads = new Map<number, FollowedThread>();
  readonly #stat: SchedStat = { runNanos: 0, waitNanos: 0, slices: 0 };
  #count = -1;
  /** A thread that was followed has ended: another may have come in its place. */
  #isStale = false;
  #unsettled = 0;

  constructor(config: ThreadScheduleConfig) {
    this.#config = config;
  }

  /**
   * What each role did since the last call; at the first, since the threads began. Some 3 us a thread.
   * Threads beyond `maxThreads` are in no role: `unfollowed` counts them.
   */
  read(): { readonly roles: ReadonlyMap<ThreadRole, RoleDelta>; readonly unfollowed: number } {
    const count = this.#config.count();
    if (this.#isStale || count !== this.#count) this.#list();
    this.#count = count;
    this.#assignRoles();
    const roles = new Map<ThreadRole, RoleDelta>();
    for (const thread of this.#threads.values()) this.#readThread(thread, roles);
    return { roles, unfollowed: Math.max(0, count - this.#threads.size) };
  }

  close(): void {
    for (const { file } of this.#threads.values()) file.close();
    this.#threads.clear();
  }

  #list(): void {
    const tids = this.#config.list().map(Number).filter(Number.isSafeInteger);
    this.#isStale = false;
    this.#forget(new Set(tids));
    for (const tid of tids) this.#follow(tid);
  }

  #forget(alive: ReadonlySet<number>): void {
    for (const [tid, thread] of this.#threads) {
      if (alive.has(tid)) continue;
      thread.file.close();
      this.#threads.delete(tid);
    }
  }

  #follow(tid: number): void {
    if (this.#threads.has(tid) || this.#threads.size >= this.#config.maxThreads) return;
    try {
      const file = ProcFile.open(`${this.#config.directory}/${tid}/schedstat`);
      const last = { runNanos: 0, waitNanos: 0, slices: 0 };
      this.#unsettled += 1;
      this.#threads.set(tid, { tid, file, last, name: '', role: 'other', unsettled: NAME_READINGS });
    } catch {
      // It has ended since it was listed.
    }
  }

  #assignRoles(): void {
    if (this.#unsettled === 0) return;
    this.#unsettled = 0;
    const threads = [...this.#threads.values()];
    for (const thread of threads) this.#readName(thread);
    const facts = this.#config.facts();
    for (const thread of threads) thread.role = roleOf(thread, threads, facts);
  }

  #readName(thread: FollowedThread): void {
    if (thread.unsettled === 0) return;
    thread.unsettled -= 1;
    this.#unsettled += thread.unsettled;
    try {
      const file = ProcFile.open(`${this.#config.directory}/${thread.tid}/comm`);
      thread.name = file.text()?.trimEnd() ?? thread.name;
      file.close();
    } catch {
      // It has ended: the next listing will not have it.
    }
  }

  #readThread({ file, last, role }: FollowedThread, roles: Map<ThreadRole, RoleDelta>): void {
    const length = file.read();
    if (length < 0) this.#isStale = true;
    if (length < 0 || !parseSchedStat(ProcFile.bytes, length, this.#stat)) return;
    let sums = roles.get(role);
    if (sums === undefined) {
      sums = { threads: 0, runSeconds: 0, waitSeconds: 0, slices: 0 };
      roles.set(role, sums);
    }
    const { runNanos, waitNanos, slices } = this.#stat;
    sums.threads += 1;
    sums.runSeconds += Math.max(0, runNanos - last.runNanos) / 1e9;
    sums.waitSeconds += Math.max(0, waitNanos - last.waitNanos) / 1e9;
    sums.slices += Math.max(0, slices - last.slices);
    last.runNanos = runNanos;
    last.waitNanos = waitNanos;
    last.slices = slices;
  }
}
