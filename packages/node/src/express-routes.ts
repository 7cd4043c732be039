import type { IncomingMessage } from 'node:http';

/** An application of Express 4 or 5. */
export interface ExpressApp {
  /** Express 4; its `router` throws. */
  readonly _router?: Router;
  readonly router?: Router;
  /** The application that it is mounted on. */
  readonly parent?: ExpressApp;
}

interface Router {
  readonly stack?: readonly Layer[];
}

/** What a router calls in turn: middleware, another router, or a route. */
interface Layer extends Match {
  readonly name?: string;
  readonly route?: unknown;
  readonly handle?: Router;
  /** As it was given to `use`, in later versions of Express 5. */
  readonly rawPath?: unknown;
  /** What matched, or whether something did, which the layer itself then says. */
  match(path: string): Match | boolean;
}

interface Match {
  readonly path?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What Express leaves on a request that a route has handled. */
export interface ExpressRequest extends IncomingMessage {
  readonly app?: ExpressApp;
  readonly baseUrl?: unknown;
  readonly route?: { readonly path?: unknown };
}

/** The name of the function behind which an application that is mounted on another one hides its router. */
const MOUNTED = 'mounted_app';

/** Base URLs that are their own patterns, so that a look at the routers is needed once for each. */
const known = new WeakMap<ExpressApp, Set<string>>();
const MAX_KNOWN = 256;

/** The application itself and those that it is mounted on, the outermost first. */
function applications(innermost: ExpressApp): ExpressApp[] {
  const all: ExpressApp[] = [];
  for (let app: ExpressApp | undefined = innermost; app !== undefined && !all.includes(app); app = app.parent) {
    all.unshift(app);
  }
  return all;
}

function stackOf(app: ExpressApp | undefined): readonly Layer[] {
  return (app?._router ?? app?.router)?.stack ?? [];
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Puts the names of parameters in place of their values; undefined where a value is not a whole segment. */
function withNames(path: string, params: NonNullable<Match['params']>): string | undefined {
  const segments = path.split('/');
  for (const [name, value] of Object.entries(params).reverse()) {
    if (value === undefined) continue;
    const at = segments.findLastIndex((segment) => segment !== '' && decoded(segment) === value);
    if (at === -1) return undefined;
    segments[at] = `:${name}`;
  }
  return segments.join('/');
}

/** Another character of the same kind; undefined for what is neither letter nor digit. */
function neighbour(character: string): string | undefined {
  if (/[0-9]/.test(character)) return character === '9' ? '8' : '9';
  if (/[a-z]/i.test(character)) return /z/i.test(character) ? 'y' : 'z';
  return undefined;
}

/** Whether a layer takes nothing like a text but the text: regular expressions may tell of no value that they have taken. */
function isLiteral(layer: Layer, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const other = neighbour(text[at] as string);
    if (other === undefined) continue;
    if (layer.match(text.slice(0, at) + other + text.slice(at + 1)) !== false) return false;
  }
  return true;
}

/** What a layer takes of a path, as it stands there and as a pattern; undefined where it does not match. */
function matched(layer: Layer, path: string): { text: string; pattern: string | undefined } | undefined {
  const match = layer.match(path);
  if (match === false) return undefined;
  const { path: text = '', params } = typeof match === 'object' ? match : layer;
  const isBoundary = path.startsWith(text) && (path.length === text.length || path[text.length] === '/');
  if (!isBoundary) return undefined;
  return { text, pattern: patternOf(layer, text, params) };
}

function patternOf(layer: Layer, text: string, params: Match['params'] = {}): string | undefined {
  const { rawPath } = layer;
  if (text === '') return '';
  if (typeof rawPath === 'string') return rawPath.replace(/\/$/, '');
  if (Object.keys(params).length === 0 && !isLiteral(layer, text)) return undefined;
  return withNames(text, params);
}

/** A router, and the applications that are mounted on its application, the outermost first. */
interface Place {
  readonly stack: readonly Layer[];
  readonly apps: readonly ExpressApp[];
}

function below({ name, handle }: Layer, { apps }: Place): Place {
  if (name === MOUNTED) return { stack: stackOf(apps[0]), apps: apps.slice(1) };
  return { stack: handle?.stack ?? [], apps };
}

/** The pattern of a base URL that leads from one router to another, somewhere below it. */
function patternIn(place: Place, path: string): string | undefined {
  if (path === '') return '';
  for (const layer of place.stack) {
    const found = layer.route === undefined ? matched(layer, path) : undefined;
    if (found?.pattern === undefined) continue;
    const rest = patternIn(below(layer, place), path.slice(found.text.length));
    if (rest !== undefined) return found.pattern + rest;
  }
  return undefined;
}

/** The pattern under which the router that handled a request is mounted: `/tenants/:tenant` for `/tenants/7`. */
function basePattern(app: ExpressApp, baseUrl: string): string | undefined {
  const apps = applications(app);
  const [outermost = app] = apps;
  let own = known.get(outermost);
  if (own?.has(baseUrl)) return baseUrl;
  const pattern = patternIn({ stack: stackOf(outermost), apps: apps.slice(1) }, baseUrl);
  if (pattern !== baseUrl) return pattern;
  if (own === undefined) {
    own = new Set();
    known.set(outermost, own);
  }
  if (own.size < MAX_KNOWN) own.add(baseUrl);
  return baseUrl;
}

/**
 * The route that handled a request of Express, undefined where no one pattern says it: never a path that holds values.
 * Express tells the path under which a router is mounted as it was in the URL; the pattern is looked up in its routers.
 */
export function expressRouteOf({ app, baseUrl, route }: ExpressRequest): string | undefined {
  const path = route?.path;
  // A route may be a regular expression or a list of paths: only one pattern names the route.
  if (typeof path !== 'string') return undefined;
  const isMounted = typeof baseUrl === 'string' && baseUrl !== '';
  const base = isMounted ? app && basePattern(app, baseUrl) : '';
  if (base === undefined) return undefined;
  const whole = base + path;
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
}
