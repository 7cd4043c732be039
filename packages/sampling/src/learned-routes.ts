/** Routes remembered per generation; two generations are held. */
const MAX_ROUTES = 2048;
/** Longest route that is learnt. */
const MAX_ROUTE_LENGTH = 256;

/** What a framework called the route of requests that look alike. */
export interface LearnedRoute {
  /** The key of the requests before the route was known. */
  readonly low: number;
  /** The key of the route. */
  readonly routeHigh: number;
  readonly routeLow: number;
  readonly route: string;
}

/**
 * From the key of a request to the route that the framework named when the span ended: `http.route` is not known when a
 * span starts. Bounded: what was not asked for while 2,048 others were learnt is forgotten.
 */
export class LearnedRoutes {
  #recent = new Map<number, LearnedRoute>();
  #former = new Map<number, LearnedRoute>();

  /** Some 10 ns, no allocation while the route is in use. */
  find(high: number, low: number): LearnedRoute | undefined {
    const recent = this.#recent.get(high);
    if (recent !== undefined) return recent.low === low ? recent : undefined;
    if (this.#former.size === 0) return undefined;
    const former = this.#former.get(high);
    if (former === undefined || former.low !== low) return undefined;
    this.#remember(high, former);
    return former;
  }

  /** @returns false when it is known already or cannot be learnt */
  learn(high: number, learned: LearnedRoute): boolean {
    if (learned.route.length > MAX_ROUTE_LENGTH) return false;
    const known = this.find(high, learned.low);
    if (known !== undefined && known.routeHigh === learned.routeHigh && known.routeLow === learned.routeLow)
      return false;
    this.#remember(high, learned);
    return true;
  }

  get size(): number {
    return this.#recent.size + this.#former.size;
  }

  #remember(high: number, learned: LearnedRoute): void {
    if (this.#recent.size >= MAX_ROUTES) {
      this.#former = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(high, learned);
  }
}
