import { defaultTextMapGetter, defaultTextMapSetter, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { eventStream, formatTimestamp, type HybridClock } from '@sonde/event-stream';
import { guard, receiveTimestamp } from '@sonde/instrumentation-kit';
import { timestampMetrics } from './timestamp-metrics.ts';
import { takeMember } from './tracestate-member.ts';

/** The header of a response that carries the responder's timestamp. */
export const RESPONSE_HEADER = 'sonde-hlc';

/** How to reach into carriers, and by which clock; the defaults are for plain objects and this thread. */
export interface ResponseAccess<Request = unknown, Response = unknown> {
  readonly getter?: TextMapGetter<Request>;
  readonly setter?: TextMapSetter<Response>;
  readonly clock?: HybridClock;
}

/** Whether a request comes from a peer that carries timestamps: its tracestate has our member. Never throws. */
export function isFromPeer<Request>(request: Request, getter: TextMapGetter<Request> = defaultTextMapGetter): boolean {
  const ask = (): boolean => {
    const found = getter.get(request, 'tracestate');
    const lines = Array.isArray(found) ? found : [found];
    return lines.some((line) => typeof line === 'string' && takeMember(line).member !== undefined);
  };
  return guard('causality.response', ask, false);
}

/**
 * Puts this thread's timestamp into a response, if the request came from a peer that carries timestamps; nobody else is
 * told anything. Call it as the response is about to be sent. Never throws.
 * @returns whether it did
 */
export function injectResponse<Request, Response>(
  request: Request,
  response: Response,
  access: ResponseAccess<Request, Response> = {},
): boolean {
  const { getter = defaultTextMapGetter, setter = defaultTextMapSetter, clock = eventStream().clock } = access;
  if (!isFromPeer(request, getter)) return false;
  const put = (): boolean => {
    setter.set(response, RESPONSE_HEADER, formatTimestamp(clock.send()));
    return true;
  };
  return guard('causality.response', put, false);
}

/**
 * Takes in the timestamp of a response, so that what happens from now on is ordered after what the responder did before
 * it answered. Without one nothing happens; a bad one is refused and counted. Never throws.
 * @returns whether there was one that the clock took
 */
export function extractResponse<Response>(
  response: Response,
  access: { readonly getter?: TextMapGetter<Response>; readonly clock?: HybridClock } = {},
): boolean {
  const { getter = defaultTextMapGetter, clock = eventStream().clock } = access;
  const take = (): boolean => {
    const found = getter.get(response, RESPONSE_HEADER);
    const timestamp = Array.isArray(found) ? found[0] : found;
    if (timestamp === undefined || timestamp === null) return false;
    const isAccepted = receiveTimestamp(timestamp, clock) !== undefined;
    const { accepted, refused } = timestampMetrics();
    (isAccepted ? accepted : refused).add(1);
    return isAccepted;
  };
  return guard('causality.response', take, false);
}
