import { attributeOf, type SpanFacts } from './read-span.ts';
import type { LooseAttributes } from './types.ts';

/** A process that spans come from: one clock. */
export interface TraceProcess {
  readonly index: number;
  /** `service.name`, or empty. */
  readonly service: string;
  /** `process.pid`, or undefined. */
  readonly pid: number | undefined;
  /** For people: service and pid. */
  readonly label: string;
}

/** Tells processes apart, by what the resource says: the pid on its host, else the instance, else the service. */
export class ProcessRegistry {
  readonly all: TraceProcess[] = [];
  readonly #byKey = new Map<string, TraceProcess>();
  /** Spans of one process share their resource. */
  readonly #byResource = new WeakMap<object, TraceProcess>();

  of({ resource }: SpanFacts): TraceProcess {
    const seen = this.#byResource.get(resource);
    if (seen !== undefined) return seen;
    const key = keyOf(resource);
    let process = this.#byKey.get(key);
    if (process === undefined) {
      process = processOf(resource, this.all.length);
      this.all.push(process);
      this.#byKey.set(key, process);
    }
    this.#byResource.set(resource, process);
    return process;
  }
}

function keyOf(resource: LooseAttributes): string {
  const pid = text(attributeOf(resource, 'process.pid'));
  const host =
    text(attributeOf(resource, 'container.id')) ||
    text(attributeOf(resource, 'host.id')) ||
    text(attributeOf(resource, 'host.name'));
  if (pid !== '') return JSON.stringify(['pid', host, pid]);
  const instance = text(attributeOf(resource, 'service.instance.id'));
  if (instance !== '') return JSON.stringify(['instance', instance]);
  return JSON.stringify(['service', text(attributeOf(resource, 'service.name')), host]);
}

function processOf(resource: LooseAttributes, index: number): TraceProcess {
  const service = text(attributeOf(resource, 'service.name'));
  const number = Number(text(attributeOf(resource, 'process.pid')) || Number.NaN);
  const pid = Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : undefined;
  const name = service === '' ? 'process' : service;
  return { index, service, pid, label: pid === undefined ? name : `${name} ${pid}` };
}

/** The thread that a span says it ran in, or undefined. */
export function threadOf({ attributes, resource }: SpanFacts): string | undefined {
  const thread = text(attributeOf(attributes, 'thread.id')) || text(attributeOf(resource, 'thread.id'));
  return thread === '' ? undefined : thread;
}

function text(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.slice(0, 256) : '';
}
