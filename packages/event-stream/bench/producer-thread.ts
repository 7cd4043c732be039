import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A thread that emits when it is told to. */
export class ProducerThread {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async create(threadId: number): Promise<ProducerThread> {
    const worker = new Worker(new URL('./producer.ts', import.meta.url), { workerData: { threadId } });
    await once(worker, 'message');
    return new ProducerThread(worker);
  }

  /** CPU nanoseconds of an emit. */
  async emit(events: number): Promise<number> {
    this.#worker.postMessage(events);
    const [cost] = (await once(this.#worker, 'message')) as [number];
    return cost;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
