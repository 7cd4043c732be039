import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { guard } from '@sonde/instrumentation-kit';
import { extractResponse, injectResponse, isFromPeer } from './response-timestamp.ts';

type WriteHead = (this: ServerResponse, ...args: unknown[]) => unknown;

const HEADER_SETTER: TextMapSetter<ServerResponse> = {
  set(response, key, value) {
    response.setHeader(key, value);
  },
};

function stampAtHead(response: ServerResponse): void {
  const { headers } = response.req;
  if (!isFromPeer(headers)) return;
  const original = response.writeHead as unknown as WriteHead;
  let isStamped = false;
  const writeHead: WriteHead = function writeHead(...args) {
    if (!isStamped && !this.headersSent) {
      isStamped = true;
      injectResponse(headers, this, { setter: HEADER_SETTER });
    }
    return Reflect.apply(original, this, args);
  };
  // Implicit headers come through here as well; the package on-headers goes the same way.
  Object.defineProperty(response, 'writeHead', { value: writeHead, configurable: true, writable: true });
}

/**
 * A `responseHook` for instrumentation-http that lets responses carry timestamps between Sonde peers. On a server, the
 * response to a request with our tracestate member gets the header `sonde-hlc`, read from the clock when its head is
 * written; on a client, the header of a response is taken in. Any client that sends such a member learns the time of this
 * process's clock: use it between services of your own. Never throws.
 */
export function httpResponseHook(_span: unknown, response: IncomingMessage | ServerResponse): void {
  const exchange = (): void => {
    if ('writeHead' in response) stampAtHead(response);
    else extractResponse(response.headers);
  };
  guard('causality.response', exchange, undefined);
}

/** Header lists as undici has them: name, value, name, value. */
const RAW_GETTER: TextMapGetter<readonly Buffer[]> = {
  get(headers, key) {
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i];
      if (name?.length === key.length && name.toString('latin1').toLowerCase() === key) {
        return headers[i + 1]?.toString('latin1');
      }
    }
    return undefined;
  },
  keys: () => [],
};

/** The same for the client side of `fetch` and undici: a `responseHook` for instrumentation-undici. Never throws. */
export function undiciResponseHook(
  _span: unknown,
  { response }: { readonly response: { readonly headers: readonly Buffer[] } },
): void {
  extractResponse(response.headers, { getter: RAW_GETTER });
}
