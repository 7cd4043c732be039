import { type Baggage, type BaggageEntry, baggageEntryMetadataFromString, propagation } from '@opentelemetry/api';

/** A line of text for baggage: JSON, which holds any string and no line feed. */
export function writeBaggage(baggage: Baggage): string {
  return JSON.stringify(
    baggage
      .getAllEntries()
      .map(([key, { value, metadata }]) => (metadata === undefined ? [key, value] : [key, value, metadata.toString()])),
  );
}

/** The opposite; undefined for an empty text. @throws SyntaxError, TypeError for anything that `writeBaggage` did not write */
export function readBaggage(text: string): Baggage | undefined {
  if (text === '') return undefined;
  const entries = JSON.parse(text) as [string, string, string?][];
  return propagation.createBaggage(
    Object.fromEntries(
      entries.map(([key, value, metadata]): [string, BaggageEntry] => [
        key,
        metadata === undefined ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) },
      ]),
    ),
  );
}
