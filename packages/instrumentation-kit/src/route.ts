import { type Context, context, createContextKey, type Span, SpanKind, trace } from '@opentelemetry/api';
import { guard } from './guard.ts';
import { localRootAbove } from './local-root.ts';

/** What instrumentation-http puts into the context of each incoming request (`RPCMetadata` of @opentelemetry/core). */
interface RpcMetadata {
  route?: string;
}

// Reached by name (`createContextKey` is `Symbol.for`), so that @opentelemetry/core is no dependency.
const RPC_METADATA = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');
const ROUTE: unique symbol = Symbol.for('sonde.span.route') as never;

/** A span as the SDK makes it; every part may be missing in somebody else's implementation. */
interface ReadableRoot extends Span {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  [ROUTE]?: string | RouteLookup;
}

/** Tells the route once a framework has found it; asked for when something is told of the request. */
export type RouteLookup = () => string | undefined;

function metadataOf(active: Context): RpcMetadata | undefined {
  const metadata = active.getValue(RPC_METADATA);
  return typeof metadata === 'object' && metadata !== null ? (metadata as RpcMetadata) : undefined;
}

function localRoot(active: Context): ReadableRoot | undefined {
  const span = trace.getSpan(active) as ReadableRoot | undefined;
  return span === undefined ? undefined : (localRootAbove(span) ?? span);
}

function routeOfSpan(root: ReadableRoot | undefined): string | undefined {
  if (root === undefined) return undefined;
  const attribute = root.attributes?.['http.route'];
  if (typeof attribute === 'string') return attribute;
  const told = root[ROUTE];
  const route = typeof told === 'function' ? guard('kit.route', told, undefined) : told;
  if (route !== undefined) return route;
  return root.kind === SpanKind.SERVER && typeof root.name === 'string' ? routeInName(root.name) : undefined;
}

/** `{method} {http.route}` is how semantic conventions name a server span; before the route is known, `{method}` alone. */
function routeInName(name: string): string | undefined {
  const at = name.indexOf('/');
  return at === 0 || name[at - 1] === ' ' ? name.slice(at) : undefined;
}

/**
 * The route of the request in flight in this asynchronous context, e.g. `/users/:id`: what a framework told the HTTP
 * instrumentation, or `http.route`, else the route in the name, of the local root span. Undefined outside a request. Some 100 ns:
 * for slow and failed operations, not for every one.
 */
export function currentRoute(): string | undefined {
  const active = context.active();
  const route = metadataOf(active)?.route;
  return typeof route === 'string' ? route : routeOfSpan(localRoot(active));
}

/**
 * Tells the route of the request in flight, for frameworks that announce it elsewhere (a diagnostics channel), or how to look
 * it up, for those that find it later. A route that is known already stays; instrumentation-http takes one that is told
 * over into its span and metrics.
 */
export function rememberRoute(route: string | RouteLookup): void {
  const active = context.active();
  if (typeof route === 'string') {
    const metadata = metadataOf(active);
    if (metadata !== undefined && metadata.route === undefined) metadata.route = route;
  }
  const root = localRoot(active);
  if (root !== undefined && Object.isExtensible(root)) root[ROUTE] ??= route;
}
