import { type Baggage, type BaggageEntry, baggageEntryMetadataFromString, propagation } from '@opentelemetry/api';

/** A line of text for baggage: JSON, which holds any string and no line feed. */
export function writeBaggage(baggage: Baggage): string {
  return JSON.stringify(
    baggage
      .getAllEntries()
      .map(([key, { value, metadata }]) => (metadata === undefined ? [key, value] : [key, value, metadata.toString()])),
  );
}

/** Half a surrogate pair could not be sent on: propagators encode as URIs, and would throw. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function entryOf([key, value, metadata]: readonly unknown[]): readonly [string, BaggageEntry][] {
  if (!isText(key) || !isText(value)) return [];
  return [[key, isText(metadata) ? { value, metadata: baggageEntryMetadataFromString(metadata) } : { value }]];
}

/**
 * The opposite; undefined for an empty text. Leaves out what is no text.
 * @throws SyntaxError, TypeError for anything that `writeBaggage` did not write
 */
export function readBaggage(text: string): Baggage | undefined {
  if (text === '') return undefined;
  const entries = JSON.parse(text) as (readonly unknown[])[];
  return propagation.createBaggage(Object.fromEntries(entries.flatMap(entryOf)));
}
