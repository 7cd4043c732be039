import { type EventStream, eventStream } from '@sonde/event-stream';
import { checkOptionNames, show } from '@sonde/instrumentation-kit';

/** How far the functions over the stream look. */
export interface CausalQueryOptions {
  /** Default: the stream of this thread, with all threads attached to it. */
  readonly stream?: EventStream | undefined;
  /** Records looked at, the newest, 1 to 1e9, some 2 us each. Default 20,000. */
  readonly limit?: number | undefined;
}

/** What holds where nothing is given. */
export const QUERY_DEFAULTS = { limit: 20_000 } as const;

const MAX_LIMIT = 1e9;

function checkLimit(owner: string, limit: unknown): number {
  const message = `${owner}: limit must be an integer from 1 to ${MAX_LIMIT}, got ${show(limit)}`;
  if (typeof limit !== 'number' || Number.isNaN(limit)) throw new TypeError(message);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new RangeError(message);
  return limit;
}

/**
 * Validates and fills the options.
 * @param owner the function that they were given to
 * @throws TypeError for a wrong type or an unknown name, RangeError for a limit out of range
 */
export function resolveQueryOptions(
  owner: string,
  options: CausalQueryOptions,
): { stream: EventStream; limit: number } {
  checkOptionNames(owner, options, ['stream', ...Object.keys(QUERY_DEFAULTS)]);
  const { stream = eventStream(), limit = QUERY_DEFAULTS.limit } = options;
  if (typeof stream?.query !== 'function') {
    throw new TypeError(`${owner}: stream must be an EventStream, such as eventStream(), got ${show(stream)}`);
  }
  return { stream, limit: checkLimit(owner, limit) };
}
