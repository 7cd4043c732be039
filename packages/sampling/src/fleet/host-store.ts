import { isMainThread } from 'node:worker_threads';
import { MemoryStore } from './memory-store.ts';
import { answerChildren, type FleetRequest, ParentChannel } from './process-channel.ts';
import type { FleetCounts, FleetStore } from './types.ts';

/** A parent that has not answered for so long is no member: this process is then the first of its fleet. */
const PARENT_GRACE_MS = 20_000;
const MAX_GROUPS = 16;
const NOTHING: FleetCounts = new Map();

/** The place of this process among those of its host: it answers its children, and asks its parent if that answers. */
class HostNode {
  readonly isChild: boolean = typeof process.send === 'function' && process.connected;
  readonly #groups = new Map<string, MemoryStore>();
  readonly #parent: ParentChannel | undefined;
  #askedMs: number | undefined;

  constructor() {
    this.#parent = this.isChild ? new ParentChannel() : undefined;
    answerChildren((request) => this.answer(request));
  }

  async answer(request: FleetRequest): Promise<FleetCounts> {
    const parent = this.#parent;
    if (parent === undefined) return this.#answerHere(request);
    this.#askedMs ??= performance.now();
    if (parent.isAnswered || performance.now() - this.#askedMs < PARENT_GRACE_MS) return parent.ask(request);
    // It may still begin to take part.
    parent.ask({ ...request, operation: 'read', counts: NOTHING }).catch(() => {});
    return this.#answerHere(request);
  }

  async #answerHere({ operation, group, bucket, counts }: FleetRequest): Promise<FleetCounts> {
    let store = this.#groups.get(group);
    if (store === undefined) {
      if (this.#groups.size >= MAX_GROUPS) throw new Error(`more than ${MAX_GROUPS} groups`);
      store = new MemoryStore();
      this.#groups.set(group, store);
    }
    if (operation === 'read') return store.read(bucket);
    await store.add(bucket, counts);
    return NOTHING;
  }
}

let node: HostNode | undefined;

/**
 * Lets the processes of one host that were started by one another (cluster workers, forked children) share a budget over
 * the channels they have. Every one of them calls it, the first before it starts others.
 * @param group samplers with another group share another budget
 * @throws TypeError in a worker thread, which has no such channel
 */
export function hostFleetStore(group = 'default'): FleetStore {
  if (!isMainThread) throw new TypeError('hostFleetStore: worker threads have no channel; use threadFleetStore()');
  if (typeof group !== 'string') throw new TypeError(`hostFleetStore: group must be a string, got ${String(group)}`);
  node ??= new HostNode();
  const host = node;
  return {
    expected: host.isChild ? 10 : 1,
    add: async (bucket, counts): Promise<void> => {
      await host.answer({ operation: 'add', group, bucket, counts });
    },
    read: (bucket): Promise<FleetCounts> => host.answer({ operation: 'read', group, bucket, counts: NOTHING }),
  };
}
