import { context } from '@opentelemetry/api';
import { type EventDefinition, type EventStream, eventStream } from '@sonde/event-stream';
import { guard, warnOnce } from '@sonde/instrumentation-kit';
import { placeIn } from './chain-context.ts';
import { chainIdOf } from './chain-id.ts';

/** What one event says; see the fields of its definition. */
export interface CausalFields {
  readonly value?: number;
  readonly detail?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly text?: string;
}

function emitAt(stream: EventStream, definition: EventDefinition, fields: CausalFields, place: number): void {
  const handle = stream.event(definition);
  const { value, detail, labels, text } = fields;
  const bound = labels === undefined ? handle : handle.bind(labels);
  if (text === undefined) bound.emit(Number.NaN, value, detail, place);
  else bound.emitText({ text, value: value ?? Number.NaN, detail: detail ?? Number.NaN, context: place });
}

function emitHere(definition: EventDefinition, fields: CausalFields): void {
  const stream = eventStream();
  const place = placeIn(context.active());
  emitAt(stream, definition, fields, place === undefined ? 0 : stream.context(place.traceId, place.spanId));
}

function emitThere(definition: EventDefinition, name: string, fields: CausalFields): void {
  const chainId = chainIdOf(name);
  if (chainId === undefined) {
    warnOnce('causality.chain', `emitInChain: a chain needs a name of 1 to 256 characters, got ${typeof name}`);
    emitHere(definition, fields);
    return;
  }
  const stream = eventStream();
  const place = placeIn(context.active());
  const spanId = place?.traceId === chainId ? place.spanId : outsideOf(chainId);
  emitAt(stream, definition, fields, stream.context(chainId, spanId));
}

/** Stands for "in the chain, but in no stay or span of it": the same in every thread. */
function outsideOf(chainId: string): string {
  const half = chainId.slice(16);
  return half === '0000000000000000' ? chainId.slice(0, 16) : half;
}

/**
 * Emits an event into the stream, as part of what the code that runs belongs to: the active trace, or the chain entered by
 * `runInChain` within it. Hundreds of nanoseconds; where there is a trace and no chain, a handle of the stream with
 * `activeContext()` does the same for less. Never throws.
 */
export function emitCausal(definition: EventDefinition, fields: CausalFields = {}): void {
  guard('causality.emit', () => emitHere(definition, fields), undefined);
}

/**
 * Emits an event as part of a chain that is named, whatever is active: for code that knows what its work belongs to from
 * a message, a row, a job. Never throws; without a valid name it emits as `emitCausal` does, and says so once.
 * @param name a trace id, or any text of up to 256 characters; see `runInChain`
 */
export function emitInChain(definition: EventDefinition, name: string, fields: CausalFields = {}): void {
  guard('causality.emit', () => emitThere(definition, name, fields), undefined);
}
