import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, type Span } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import { guarded, rememberRoute } from '@sonde/instrumentation-kit';
import { expressRouteOf } from './express-routes.ts';

/** Published by Fastify >= 5 inside the request's context, before its handler runs. */
const FASTIFY_CHANNEL = 'tracing:fastify.request.handler:start';

interface FastifyHandlerMessage {
  readonly route?: { readonly url?: unknown };
}

const onFastifyHandler = guarded('node.routes.fastify', (message: unknown): void => {
  const url = (message as FastifyHandlerMessage | undefined)?.route?.url;
  if (typeof url === 'string') rememberRoute(url);
});

/** Learns the routes of Fastify; returns the undo. */
export function learnFastifyRoutes(): () => void {
  diagnosticsChannel.subscribe(FASTIFY_CHANNEL, onFastifyHandler);
  return () => {
    diagnosticsChannel.unsubscribe(FASTIFY_CHANNEL, onFastifyHandler);
  };
}

interface WithServer {
  readonly server?: { listeners(event: string): unknown[] };
}

const isExpressServer = new WeakMap<object, boolean>();

/** Express applications are request listeners with `use` and `handle` (Express 4 and 5, NestJS on them). */
function looksLikeExpress(listener: unknown): boolean {
  const { use, handle } = (listener ?? {}) as { use?: unknown; handle?: unknown };
  return typeof listener === 'function' && typeof use === 'function' && typeof handle === 'function';
}

function isFromExpress(request: IncomingMessage): boolean {
  const server = (request.socket as WithServer | null)?.server;
  if (server === undefined) return false;
  let known = isExpressServer.get(server);
  if (known === undefined) {
    known = server.listeners('request').some(looksLikeExpress);
    isExpressServer.set(server, known);
  }
  return known;
}

/**
 * `responseHook` of the HTTP instrumentation: learns the route of Express, which is on the request once it has been
 * answered. The hook runs before the instrumentation listens to `close` itself, so the route is there when it asks.
 */
export function onExpressRoute(_span: Span, response: ServerResponse | IncomingMessage): void {
  const { req } = response as ServerResponse;
  if (req === undefined || !isFromExpress(req)) return;
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type !== RPCType.HTTP) return;
  const lookUp = (): string | undefined => expressRouteOf(req);
  // For what is told of the request before it is answered: slow operations, blocked loops.
  rememberRoute(lookUp);
  const learn = guarded('node.routes.express', () => {
    metadata.route ??= lookUp() as string;
  });
  (response as ServerResponse).once('close', learn);
}
