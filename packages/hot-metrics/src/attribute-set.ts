import type { HotAttributes } from './types.ts';

/** Attribute sets whose canonical form is longer than this (in UTF-16 units) go to the overflow series. */
export const MAX_KEY_LENGTH = 8192;
const MAX_NODES = 512;
const MAX_DEPTH = 16;

interface Budget {
  nodes: number;
}

/** Key of the series that takes all further attribute sets: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute */
export const OVERFLOW_KEY = '[["otel.metric.overflow",true]]';

/**
 * The canonical form of an attribute set: equal exactly if the sets are, whatever the order of their keys, and decodable.
 * Strings, numbers, booleans, null, Uint8Array, arrays and plain objects of them are kept (`AnyValue` of API 1.10), a
 * bigint becomes its decimal string; undefined, functions and symbols are left out.
 * Returns undefined for what is too large, too deep, cyclic, or throws when read.
 */
export function canonicalKey(input: HotAttributes | undefined): string | undefined {
  if (typeof input !== 'object' || input === null) return '[]';
  try {
    const key = encodeEntries(input, { nodes: 0 }, 0);
    return key.length > MAX_KEY_LENGTH ? undefined : key;
  } catch {
    return undefined;
  }
}

/** The attributes that a canonical key stands for; own properties whatever they are called, `__proto__` included. */
export function decode(key: string): HotAttributes {
  return revive({ o: JSON.parse(key) }) as HotAttributes;
}

function encodeEntries(input: object, budget: Budget, depth: number): string {
  const record = input as Record<string, unknown>;
  const parts: string[] = [];
  for (const name of Object.keys(record).sort()) {
    const value = encodeValue(record[name], budget, depth + 1);
    if (value !== undefined) parts.push(`[${JSON.stringify(name)},${value}]`);
  }
  return `[${parts.join(',')}]`;
}

function encodeValue(value: unknown, budget: Budget, depth: number): string | undefined {
  if (++budget.nodes > MAX_NODES || depth > MAX_DEPTH) throw new RangeError('attributes are too large');
  switch (typeof value) {
    case 'string':
      return encodeString(value);
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : `{"n":"${value}"}`;
    case 'boolean':
      return String(value);
    case 'bigint':
      return `"${value}"`;
    case 'object':
      return encodeObject(value, budget, depth);
    default:
      return undefined;
  }
}

function encodeString(value: string): string {
  if (value.length > MAX_KEY_LENGTH) throw new RangeError('attributes are too large');
  return JSON.stringify(value);
}

function encodeObject(value: object | null, budget: Budget, depth: number): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${Array.from(value, (item) => encodeValue(item, budget, depth + 1) ?? 'null')}]`;
  if (ArrayBuffer.isView(value)) return encodeBytes(value);
  return `{"o":${encodeEntries(value, budget, depth)}}`;
}

function encodeBytes(value: ArrayBufferView): string {
  if (value.byteLength > MAX_KEY_LENGTH) throw new RangeError('attributes are too large');
  return `{"b":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"}`;
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  const tagged = value as { n?: string; b?: string; o?: [string, unknown][] };
  if (tagged.n !== undefined) return Number(tagged.n);
  if (tagged.b !== undefined) return Uint8Array.from(Buffer.from(tagged.b, 'base64'));
  return Object.fromEntries((tagged.o ?? []).map(([name, item]) => [name, revive(item)]));
}
