import type { EventRecord, EventStream } from '@sonde/event-stream';

/**
 * Knows which events this thread emitted while the log pipeline had its turn: an exporter or a processor that emits
 * an event for each log record would otherwise feed itself for ever. What a pipeline does later, asynchronously, is
 * not known here; folding and the rate limit bound it.
 */
export class OwnEvents {
  readonly #stream: EventStream;
  readonly #ranges: { readonly from: number; readonly to: number }[] = [];
  readonly #forgetThread: () => void;
  #threadId = -1;
  #pid = -1;

  constructor(stream: EventStream) {
    this.#stream = stream;
    this.#forgetThread = stream.onAllocate(({ threadId, pid }) => {
      this.#threadId = threadId;
      this.#pid = pid;
    });
  }

  /** Runs synchronous work; what this thread emits meanwhile is its own. */
  during(work: () => void): void {
    const from = this.#produced();
    try {
      work();
    } finally {
      const to = this.#produced();
      if (to > from) this.#ranges.push({ from, to });
    }
  }

  /** Asked once for each record, in the order of the thread's ring. */
  has({ threadId, pid, sequence }: EventRecord): boolean {
    if (threadId !== this.#threadId || pid !== this.#pid) return false;
    while (this.#ranges[0] !== undefined && this.#ranges[0].to <= sequence) this.#ranges.shift();
    const [range] = this.#ranges;
    return range !== undefined && sequence >= range.from;
  }

  /** Everything emitted so far has been asked about, or was not worth asking. */
  forget(): void {
    this.#ranges.length = 0;
  }

  close(): void {
    this.#forgetThread();
  }

  #produced(): number {
    const { threads } = this.#stream.statistics();
    return threads.find(({ threadId, pid }) => threadId === this.#threadId && pid === this.#pid)?.produced ?? 0;
  }
}
