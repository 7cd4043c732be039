type Attributes = Readonly<Record<string, unknown>>;

/** Attributes that tell how a call went: left out of what a series is, so that its calls are judged together. */
const OUTCOMES: ReadonlySet<string> = new Set([
  'error.type',
  'http.response.status_code',
  'http.status_code',
  'rpc.grpc.status_code',
  'rpc.response.status_code',
  'db.response.status_code',
  'outcome',
  'result',
  'status',
]);
const FAILED_WORDS: ReadonlySet<string> = new Set(['error', 'failure', 'failed', 'timeout', 'exception']);
/** From here on the server is to blame. */
const SERVER_ERROR = 500;

/** Whether a key tells an outcome. */
export function isOutcome(key: string): boolean {
  return OUTCOMES.has(key);
}

/** Whether attributes tell a failed call, by semantic conventions: an `error.type`, a status of 500 or above. */
export function hasFailed(attributes: Attributes): boolean {
  const { 'error.type': errorType } = attributes;
  if (typeof errorType === 'string' && errorType !== '') return true;
  const status = Number(attributes['http.response.status_code'] ?? attributes['http.status_code'] ?? 0);
  if (status >= SERVER_ERROR) return true;
  return ['outcome', 'result', 'status'].some((key) => FAILED_WORDS.has(String(attributes[key]).toLowerCase()));
}

/** The attributes without those that tell an outcome; the same object when there are none. */
export function withoutOutcome(attributes: Attributes): Attributes {
  const keys = Object.keys(attributes);
  if (!keys.some(isOutcome)) return attributes;
  const rest: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of keys) if (!isOutcome(key)) rest[key] = attributes[key];
  return rest;
}

/** The same text for the same attributes, whatever their order. */
export function keyOf(attributes: Attributes): string {
  const keys = Object.keys(attributes).sort();
  return JSON.stringify(
    keys.map((key) => [key, attributes[key]]),
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );
}
