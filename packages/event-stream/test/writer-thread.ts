import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EventRecord, RingDescriptor } from '../src/index.ts';
import {
  CONTROL_WORDS,
  HELD,
  labelOf,
  otherOf,
  START,
  STOP,
  severityOf,
  spanIdOf,
  textOf,
  traceIdOf,
  type WriterData,
  type WriterReport,
} from './fixtures/workload.ts';

/** A writer in a thread of its own, waiting to be started. */
export class WriterThread {
  readonly descriptor: RingDescriptor;
  readonly #worker: Worker;
  readonly #control: Int32Array;

  private constructor(worker: Worker, control: Int32Array, descriptor: RingDescriptor) {
    this.#worker = worker;
    this.#control = control;
    this.descriptor = descriptor;
  }

  static async create(options: Omit<WriterData, 'control'>): Promise<WriterThread> {
    const control = new SharedArrayBuffer(CONTROL_WORDS * 4);
    const worker = new Worker(join(import.meta.dirname, 'fixtures', `writer${extname(import.meta.filename)}`), {
      workerData: { ...options, control } satisfies WriterData,
      execArgv: ['--conditions=@sonde/source'],
    });
    return new WriterThread(worker, new Int32Array(control), await message<RingDescriptor>(worker));
  }

  start(): void {
    Atomics.store(this.#control, START, 1);
    Atomics.notify(this.#control, START);
  }

  /** Stops it, unless it is done already, and waits for its last words. */
  async stop(): Promise<WriterReport> {
    const report = message<WriterReport>(this.#worker);
    Atomics.store(this.#control, STOP, 1);
    Atomics.notify(this.#control, STOP);
    return await report;
  }

  /** Whether it has emitted everything and stays. */
  get isHeld(): boolean {
    return Atomics.load(this.#control, HELD) === 1;
  }

  /** For a writer of a fixed number of events. */
  done(): Promise<WriterReport> {
    return message<WriterReport>(this.#worker);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

function message<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** What is wrong with a record of the workload, or undefined. Texts and contexts may be gone, but not be others'. */
export function faultOf(record: EventRecord): string | undefined {
  const number = record.value;
  const faults = [
    record.sequence !== number && `sequence ${record.sequence}`,
    record.detail !== 2 * number + 1 && `detail ${record.detail}`,
    record.labels['test.label'] !== labelOf(number) && `label ${record.labels['test.label']}`,
    record.labels['test.other'] !== otherOf(number) && `other ${record.labels['test.other']}`,
    record.severity !== severityOf(number) && `severity ${record.severity}`,
    record.text !== '' && record.text !== textOf(number) && `text ${record.text.slice(0, 50)}`,
    record.traceId !== '' && record.traceId !== traceIdOf(number) && `trace ${record.traceId}`,
    record.spanId !== '' && record.spanId !== spanIdOf(number) && `span ${record.spanId}`,
    (record.traceId === '') !== (record.spanId === '') && 'half a context',
  ].filter((fault) => fault !== false);
  return faults.length === 0 ? undefined : `record ${number}: ${faults.join(', ')}`;
}
