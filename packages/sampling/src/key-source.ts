import { type Attributes, type Context, SpanKind } from '@opentelemetry/api';
import { printable } from '@sonde/instrumentation-kit';
import { KeyHash, normalisePath } from './key-hash.ts';
import { LearnedRoutes } from './learned-routes.ts';

/**
 * Names what a trace is kept or dropped as. Called for each trace that begins here; a string counts up to 256 characters,
 * undefined means the default key. What it throws or returns otherwise is counted, and the default key taken.
 */
export type KeyFunction = (
  name: string,
  attributes: Attributes,
  kind: SpanKind,
  context: Context,
) => string | undefined;

// The names are written out at each access: an inline cache for each is several times faster than a shared function.

function pathOf(attributes: Attributes): string {
  const path = attributes['url.path'] ?? attributes['http.target'];
  return typeof path === 'string' ? path : '';
}

function methodOf(attributes: Attributes): string {
  const method = attributes['http.request.method'] ?? attributes['http.method'];
  return typeof method === 'string' ? method : '';
}

/** Finds the key of a trace. Holds the last one: ask for it before the next. */
export class KeySource {
  /** The hash of the key. */
  high = 0;
  low = 0;
  /** What a rule's `route` is compared with: the learned route, else the path as it came, else the span name. */
  route = '';
  readonly #hash: KeyHash;
  #begunKind = -1;
  #begunMethod = '';
  #begunHigh = 0;
  #begunLow = 0;
  readonly #routes = new LearnedRoutes();
  #custom = '';
  #isPath = false;
  #method = '';
  #kind: SpanKind = SpanKind.INTERNAL;

  constructor(random: () => number) {
    this.#hash = new KeyHash(random);
  }

  get learnedRoutes(): number {
    return this.#routes.size;
  }

  /** The key that a key function gave. */
  readCustom(key: string): void {
    this.#custom = key;
    this.route = key;
    this.#hash.begin(-1);
    this.#hash.text(key);
    this.#take();
  }

  /** The default key. No allocation. */
  read(name: string, kind: SpanKind, attributes: Attributes): void {
    this.#readUnlearned(name, kind, attributes);
    const learned = this.#routes.find(this.high, this.low);
    if (learned === undefined) return;
    this.high = learned.routeHigh;
    this.low = learned.routeLow;
    this.route = learned.route;
    this.#isPath = false;
  }

  /** The default key of a span that has ended: by the route that it says now, as {@link learn} has it. */
  readEnded(name: string, kind: SpanKind, attributes: Attributes): void {
    const route = attributes['http.route'];
    this.read(name, kind, attributes);
    if (typeof route !== 'string' || route === '' || pathOf(attributes) === '') return;
    this.#begin();
    this.#hash.text(route);
    this.#take();
    this.route = route;
    this.#isPath = false;
  }

  #readUnlearned(name: string, kind: SpanKind, attributes: Attributes): void {
    const path = pathOf(attributes);
    this.#custom = '';
    this.#kind = kind;
    this.#method = methodOf(attributes);
    this.#isPath = path !== '';
    this.route = path === '' ? name : path;
    this.#begin();
    if (path === '') this.#hash.text(name);
    else this.#hash.path(path);
    this.#take();
  }

  /** Most requests begin like the one before: kind and method are hashed when they change. */
  #begin(): void {
    const hash = this.#hash;
    if (this.#kind === this.#begunKind && this.#method === this.#begunMethod) {
      hash.high = this.#begunHigh;
      hash.low = this.#begunLow;
      return;
    }
    hash.begin(this.#kind);
    hash.text(this.#method);
    this.#begunKind = this.#kind;
    this.#begunMethod = this.#method;
    this.#begunHigh = hash.high;
    this.#begunLow = hash.low;
  }

  #take(): void {
    this.#hash.end();
    this.high = this.#hash.high;
    this.low = this.#hash.low;
  }

  /** The same key under the budget of a rule is another key. */
  divert(pool: number): void {
    this.high = Math.imul(this.high ^ pool, 0x9e3779b1);
    this.low ^= Math.imul(pool, 0x85ebca6b);
  }

  /**
   * Learns the route of a span that has ended. Afterwards `high` and `low` are the key of the route.
   * @returns the former key if there is something new, to be renamed
   */
  learn(name: string, kind: SpanKind, attributes: Attributes): { high: number; low: number } | undefined {
    const route = attributes['http.route'];
    if (typeof route !== 'string' || route === '') return undefined;
    this.#readUnlearned(name, kind, attributes);
    if (!this.#isPath) return undefined;
    const { high, low } = this;
    this.#begin();
    this.#hash.text(route);
    this.#take();
    const isNew = this.#routes.learn(high, { low, routeHigh: this.high, routeLow: this.low, route });
    this.route = route;
    this.#isPath = false;
    return isNew ? { high, low } : undefined;
  }

  /** The key as people read it. Builds a string: once for each slot. */
  describe(): string {
    if (this.#custom !== '') return printable(this.#custom);
    const place = this.#isPath ? normalisePath(this.route) : this.route;
    if (this.#method !== '') return printable(`${this.#method} ${place}`);
    return printable(place === '' ? '(unnamed)' : place);
  }
}
